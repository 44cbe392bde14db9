/**
 * `bindings` in `mcp.json`: which server's tool stands behind a capability, by configuration alone.
 *
 * ```json
 * "files.search_files": { "server": "fs", "tool": "search_files", "dialect": "filesystem", "root": "/srv/logs" },
 * "weather.get_current_weather": {
 *   "server": "acme", "tool": "current",
 *   "arguments": { "location": "$city", "unit": "metric" },
 *   "result": { "temp": "$.temperature", "city": "$.place.name" }
 * }
 * ```
 *
 * `idleTimeout` and `totalTimeout` in a binding go before those of its server (see server-limits.ts).
 *
 * In a template `$name` is an argument of the call, `$.a.b` a part of the tool's answer (`result` only), `$$x` the text
 * `$x`, anything else a constant; objects and arrays may be nested.
 */
import { z } from 'zod';
import { callLimits } from './server-limits.js';

export type Template = string | number | boolean | null | readonly Template[] | { readonly [key: string]: Template };

const PATH = String.raw`[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*`;
const ARGUMENT = new RegExp(String.raw`^(?!\$)|^\$\$|^\$${PATH}$`);
const ARGUMENT_OR_ANSWER = new RegExp(String.raw`^(?!\$)|^\$\$|^\$${PATH}$|^\$(?:\.${PATH})?$`);

const template = (pick: RegExp, expected: string): z.ZodType<Template> => {
  const any: z.ZodType<Template> = z.lazy(() =>
    z.union(
      [z.string().regex(pick, expected), z.number(), z.boolean(), z.null(), z.array(any), z.record(z.string(), any)],
      { error: expected },
    ),
  );
  return any;
};

const mapped = z.strictObject({
  ...callLimits,
  server: z.string().min(1),
  tool: z.string().min(1),
  arguments: z
    .record(
      z.string(),
      template(ARGUMENT, 'expected a constant, "$argument", or "$$" before a text that starts with $'),
    )
    .optional(),
  result: template(
    ARGUMENT_OR_ANSWER,
    'expected a constant, "$argument", "$.path.in.answer", or "$$" before a text that starts with $',
  ).optional(),
});

const filesystem = z.strictObject({
  ...callLimits,
  server: z.string().min(1),
  tool: z.literal('search_files', 'the filesystem dialect speaks to "search_files" only').default('search_files'),
  dialect: z.literal('filesystem', 'expected "filesystem", the only dialect there is'),
  /** Folder that searches start in; absent: the first one that the server was given. */
  root: z.string().min(1).optional(),
});

type FilesystemBinding = z.infer<typeof filesystem>;
type MappedBinding = z.infer<typeof mapped>;
export type Binding = FilesystemBinding | MappedBinding;
export type Bindings = Readonly<Record<string, Binding>>;

const capability = z
  .string()
  .regex(/^[^.\s]+\.\S+$/, 'a capability is written <group>.<name>, like weather.get_current_weather');

// The presence of `dialect` decides which shape is meant, so that a typing error is reported against that shape alone.
const binding = z.unknown().transform((value, context): Binding => {
  const schema = typeof value === 'object' && value !== null && 'dialect' in value ? filesystem : mapped;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
  return z.NEVER;
});

export const bindingsSchema = z.record(capability, binding, {
  error: ({ code }) => (code === 'invalid_type' ? 'expected an object of bindings by capability' : undefined),
});

/** Bindings that name a server which is not configured. */
export function danglingBindings(
  bindings: Bindings,
  servers: readonly string[],
): readonly { readonly path: string; readonly message: string }[] {
  return Object.entries(bindings)
    .filter(([, { server }]) => !servers.includes(server))
    .map(([name, { server }]) => ({
      path: `bindings.${name}.server`,
      message: `there is no server "${server}"; configured: ${servers.join(', ') || 'none'}`,
    }));
}
