/** What a command works on: the project's own configuration, or the shipped workflows where there is none. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Authorize } from '../api-settings.js';
import { type Duration, RETENTION_MIN } from '../config.js';
import type { SwitchyardConfig } from '../engine/define-config.js';
import { SwitchyardError } from '../errors.js';
import type { Workflow } from '../orchestrators/definition.js';
import { describeIssues, issuesOf } from '../schema.js';
import { isWorkflow } from './is-workflow.js';
import { sourcePlace } from './source-place.js';

export interface Project extends SwitchyardConfig {
  /** The configuration file; undefined when there is none. */
  readonly file: string | undefined;
}

const CONFIG_FILES = ['switchyard.config.js', 'switchyard.config.mjs', 'switchyard.config.ts'];

const workflow = z.custom<Workflow>(isWorkflow, 'expected what defineFanOut, defineRouter or defineSaga returns');

const duration = z.custom<Duration>(
  (value) => typeof value === 'number' || typeof value === 'string',
  'expected milliseconds, or a number with ms, s, m, h or d',
);
const agentTool = z.strictObject({
  title: z.string().min(1).optional(),
  description: z.string().min(1).optional(),
  hints: z
    .strictObject({
      readOnlyHint: z.boolean(),
      destructiveHint: z.boolean(),
      idempotentHint: z.boolean(),
      openWorldHint: z.boolean(),
    })
    .partial()
    .optional(),
});

const config = z.strictObject({
  workflows: z.array(workflow).min(1),
  mcp: z
    .union([z.string().min(1), z.looseObject({ mcpServers: z.record(z.string(), z.unknown()) })], {
      error: 'expected the path of an mcp.json, or an object with "mcpServers"',
    })
    .optional(),
  redis: z.string().min(1).optional(),
  retention: z
    .strictObject({ ageMs: z.int().min(RETENTION_MIN.ageMs), count: z.int().min(RETENTION_MIN.count) })
    .partial()
    .optional(),
  queues: z
    .record(
      z.string(),
      z
        .strictObject({
          concurrency: z.int().min(1),
          total: z.int().min(1),
          rate: z.strictObject({ max: z.int().min(1), per: duration }),
        })
        .partial(),
    )
    .optional(),
  api: z
    .strictObject({
      allowedHosts: z.array(z.string().min(1)),
      authorize: z.custom<Authorize>((value) => typeof value === 'function', 'expected a function'),
      payloads: z.enum(['shown', 'redacted']),
      rateLimit: z.union([z.literal(false), z.strictObject({ max: z.int().min(1), windowMs: z.int().min(1) })]),
      trustProxy: z.union([z.boolean(), z.array(z.string().min(1))]),
      maxStreams: z.int().min(1),
      requestTimeoutMs: z.int().min(1),
      readOnly: z.boolean(),
      callback: z.strictObject({ url: z.string().min(1) }),
    })
    .partial()
    .optional(),
  callbacks: z
    .strictObject({
      allow: z.array(z.string().min(1)),
      secret: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
      timeout: duration.optional(),
      attempts: z.int().min(1).optional(),
      firstPause: duration.optional(),
    })
    .optional(),
  prefix: z
    .string()
    .regex(/^\{[^{}:]+\}$/, 'expected a name in braces, such as {sy0}')
    .optional(),
  agentTools: z.record(z.string(), z.union([agentTool, z.literal(false)])).optional(),
});

/**
 * @param file from `--config`; else the first `switchyard.config.*` of the working folder
 * @throws SwitchyardError INVALID_CONFIG with the file and what is wrong in it
 */
export async function loadProject(file: string | undefined, folder = process.cwd()): Promise<Project> {
  const found = file ?? CONFIG_FILES.map((name) => resolve(folder, name)).find((path) => existsSync(path));
  if (found !== undefined) return { ...(await readConfig(found)), file: found };
  const { shippedWorkflows } = await import('../workflows/index.js');
  return { workflows: shippedWorkflows, file: undefined };
}

async function readConfig(file: string): Promise<SwitchyardConfig> {
  if (!existsSync(file)) throw new SwitchyardError('INVALID_CONFIG', `There is no configuration file ${file}.`);
  const module: unknown = await import(pathToFileURL(file).href).catch(async (cause: unknown) => {
    throw await unloadable(file, cause);
  });
  const exported = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  const parsed = config.safeParse(exported);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  throw new SwitchyardError(
    'INVALID_CONFIG',
    `The default export of ${file} is no configuration: ${describeIssues(issues)}. Export defineConfig({ workflows: […] })`,
    { issues },
  );
}

async function unloadable(file: string, cause: unknown): Promise<SwitchyardError> {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return new SwitchyardError(
      'INVALID_CONFIG',
      `${file}: Node ${process.versions.node} does not read TypeScript. Use Node 22.18 or newer, or name the file switchyard.config.mjs and write it in JavaScript.`,
      { cause },
    );
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  if (/outside a module|Unexpected token 'export'/.test(why)) {
    return new SwitchyardError(
      'INVALID_CONFIG',
      `${file}: ${why}. Name it switchyard.config.mjs, or have "type": "module" in package.json.`,
      { cause },
    );
  }
  const place = await sourcePlace(file, cause);
  const where = place === undefined ? '' : ` (${place})`;
  return new SwitchyardError('INVALID_CONFIG', `Cannot load ${file}: ${why}${where}`, { cause });
}
