/**
 * `mcp.json`: the file people already have for their MCP servers, plus our `bindings`.
 *
 * ```json
 * {
 *   "mcpServers": {
 *     "files": { "command": "node", "args": ["server.js", "./data"], "env": { "TOKEN": "${FILES_TOKEN}" } },
 *     "weather": { "url": "https://weather.example/mcp", "headers": { "Authorization": "Bearer ${WEATHER_TOKEN}" } }
 *   },
 *   "bindings": { "weather.get_current_weather": { "server": "weather", "tool": "current" } }
 * }
 * ```
 *
 * `${NAME}` and `${NAME:-default}` are filled in from the environment. A relative `cwd` starts at the file's folder.
 * Entries that other programs put beside ours (`type`, `timeout`, `autoApprove`) are ignored, ours are in `limits` (see
 * server-limits.ts), and a server with `"disabled": true` counts as absent. Every problem is INVALID_CONFIG with the file, the path inside it and what was expected.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type InputIssue, SwitchyardError } from '../../errors.js';
import { describeIssues } from '../../schema.js';
import { type Bindings, bindingsSchema, danglingBindings } from './binding-config.js';
import { type Environment, MissingVariable, VariableExpander } from './config-variables.js';
import { jsonErrorPosition } from './json-error-position.js';
import { type Redact, redactorOf } from './redaction.js';
import { limitsOf, type ServerLimits, serverLimits } from './server-limits.js';

interface ServerSettings {
  readonly name: string;
  /** Command line or URL as written, before variables were filled in: safe to show. */
  readonly display: string;
  /** Takes this server's secrets out of text that is shown. */
  readonly redact: Redact;
  readonly limits: ServerLimits;
}

export interface StdioServerSettings extends ServerSettings {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

export interface HttpServerSettings extends ServerSettings {
  readonly kind: 'http';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export type McpServerSettings = StdioServerSettings | HttpServerSettings;

export interface McpConfig {
  /** What errors call this configuration: the file's path, or the name given to {@link parseMcpConfig}. */
  readonly source: string;
  readonly servers: ReadonlyMap<string, McpServerSettings>;
  readonly bindings: Bindings;
}

export interface ParseMcpConfigOptions {
  /** Default: `process.env`. */
  readonly environment?: Environment;
  /** Folder that a relative `cwd` starts from. Default: the process's. */
  readonly folder?: string;
}

const entry = z
  .object({
    type: z.string().optional(),
    command: z.string().min(1).optional(),
    args: z.array(z.string()).optional(),
    env: z.record(z.string(), z.string()).optional(),
    cwd: z.string().min(1).optional(),
    url: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    disabled: z.boolean().optional(),
    limits: serverLimits.optional(),
  })
  .refine((server) => (server.command === undefined) !== (server.url === undefined), {
    message: 'expected either "command" (a program that speaks MCP over stdio) or "url" (Streamable HTTP)',
  })
  .refine((server) => server.type !== 'sse', {
    path: ['type'],
    message: 'the SSE transport of 2024 is not supported: give the server\'s Streamable HTTP URL and "type": "http"',
  });

type Entry = z.infer<typeof entry>;

// A name is the part of a capability before its first dot, so it holds none itself.
const serverName = z.string().regex(/^[A-Za-z0-9_-]+$/, 'a server name has letters, digits, "_" and "-" only');

const file = z.object(
  {
    mcpServers: z.record(serverName, entry, {
      error: ({ code }) => (code === 'invalid_type' ? 'expected an object of servers by name' : undefined),
    }),
    bindings: bindingsSchema.optional(),
  },
  { error: 'expected an object with "mcpServers"' },
);

/** Reads and checks an `mcp.json`. Throws INVALID_CONFIG. */
export async function loadMcpConfig(
  path: string,
  options: Omit<ParseMcpConfigOptions, 'folder'> = {},
): Promise<McpConfig> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchyardError('INVALID_CONFIG', `Cannot read the MCP configuration ${path}: ${reason}`, { cause });
  }
  return parseMcpConfig(parseJson(text, path), path, { ...options, folder: dirname(resolve(path)) });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = jsonErrorPosition(text);
    const where = position ? ` at line ${position.line}, column ${position.column}` : '';
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `${path} is not valid JSON${where}. Comments and trailing commas are not allowed.`,
      {
        cause,
      },
    );
  }
}

/** Checks a configuration given in code; `source` is what errors call it. Throws INVALID_CONFIG. */
export function parseMcpConfig(value: unknown, source: string, options: ParseMcpConfigOptions = {}): McpConfig {
  const parsed = file.safeParse(value);
  if (!parsed.success) throw invalid(source, parsed.error.issues.map(issueOf));
  const environment = options.environment ?? process.env;
  const folder = options.folder ?? process.cwd();
  const servers = new Map<string, McpServerSettings>();
  for (const [name, written] of Object.entries(parsed.data.mcpServers)) {
    if (!written.disabled) servers.set(name, settingsOf(name, written, { source, environment, folder }));
  }
  const bindings = parsed.data.bindings ?? {};
  const dangling = danglingBindings(bindings, [...servers.keys()]);
  if (dangling.length > 0) throw invalid(source, dangling);
  return { source, servers, bindings };
}

/** Of a key that is refused, zod's own message says no more than that; why stands in what its schema found. */
function issueOf(issue: z.core.$ZodIssue): InputIssue {
  const why = issue.code === 'invalid_key' ? issue.issues.map(({ message }) => message).join(', ') : issue.message;
  return { path: issue.path.join('.'), message: why };
}

function invalid(source: string, issues: readonly InputIssue[], cause?: unknown): SwitchyardError {
  const message = `The MCP configuration ${source} is not usable: ${describeIssues(issues)}`;
  return new SwitchyardError('INVALID_CONFIG', message, { issues, cause });
}

interface Surroundings {
  readonly source: string;
  readonly environment: Environment;
  readonly folder: string;
}

function settingsOf(name: string, written: Entry, { source, environment, folder }: Surroundings): McpServerSettings {
  const variables = new VariableExpander(environment);
  const expand = (text: string, ...path: readonly (string | number)[]): string => {
    try {
      return variables.expand(text);
    } catch (error) {
      if (!(error instanceof MissingVariable)) throw error;
      const message = `environment variable ${error.variable} is not set; set it, or write \${${error.variable}:-default}`;
      throw invalid(source, [{ path: ['mcpServers', name, ...path].join('.'), message }], error);
    }
  };
  const expandAll = (values: Readonly<Record<string, string>>, field: string): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([key, text]) => [key, expand(text, field, key)]));

  const limits = limitsOf(written.limits);
  if (written.url !== undefined) {
    const url = httpUrl(expand(written.url, 'url'), name, source);
    const headers = expandAll(written.headers ?? {}, 'headers');
    const secrets = [...Object.values(headers).flatMap(secretsOfHeader), ...credentialsOf(url)];
    const redact = redactorOf([...variables.filledIn, ...secrets]);
    return { kind: 'http', name, url, headers, display: withoutCredentials(written.url), redact, limits };
  }
  const command = expand(written.command ?? '', 'command');
  const args = (written.args ?? []).map((arg, index) => expand(arg, 'args', index));
  const env = expandAll(written.env ?? {}, 'env');
  const cwd = written.cwd === undefined ? undefined : resolve(folder, expand(written.cwd, 'cwd'));
  const display = [written.command, ...(written.args ?? [])].join(' ');
  return {
    kind: 'stdio',
    name,
    command,
    args,
    env,
    cwd,
    display,
    redact: redactorOf([...variables.filledIn, ...Object.values(env)]),
    limits,
  };
}

/** A server may repeat the credentials of a header without their scheme: of `Bearer abc` it is `abc` that is secret. */
function secretsOfHeader(value: string): readonly string[] {
  const credentials = /^\S+\s+(\S.*)$/.exec(value)?.[1];
  return credentials === undefined ? [value] : [value, credentials];
}

/** Of `https://user:password@…`: the password, and both as the request's header has them. */
function credentialsOf(url: URL): readonly string[] {
  if (url.password === '') return [];
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return [password, Buffer.from(`${user}:${password}`).toString('base64')];
}

function withoutCredentials(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/?#]*@/, '$1***@');
}

function httpUrl(text: string, name: string, source: string): URL {
  const path = `mcpServers.${name}.url`;
  if (!URL.canParse(text)) throw invalid(source, [{ path, message: 'expected an absolute URL, http:// or https://' }]);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(source, [{ path, message: `expected http:// or https://, found ${url.protocol}//` }]);
  }
  return url;
}
