/** What every command takes: flags first, then the environment, then defaults. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_DATA_DIR, DEFAULT_PORT, type Duration, toMs } from '../config.js';
import { SwitchyardError } from '../errors.js';

export interface Settings {
  readonly json: boolean;
  /** From `--redis` or `REDIS_URL`; the project's configuration comes after it. */
  readonly redisUrl: string | undefined;
  /** 0 for any free port. */
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Path of an `mcp.json`, absolute. */
  readonly mcp: string | undefined;
  /** Path of a configuration file, absolute. */
  readonly config: string | undefined;
  /** Start the embedded Redis where there is none. */
  readonly dev: boolean;
}

const Flags = z.object({
  json: z.boolean().default(false),
  redis: z.string().optional(),
  port: z.string().optional(),
  data: z.string().optional(),
  mcp: z.string().optional(),
  config: z.string().optional(),
  dev: z.boolean().default(false),
});

/** @throws SwitchyardError INVALID_INPUT for a port that is none */
export function readSettings(flags: unknown, env: NodeJS.ProcessEnv = process.env): Settings {
  const { json, redis, port, data, mcp, config, dev } = Flags.parse(flags);
  const mcpPath = mcp ?? filled(env.SWITCHYARD_MCP);
  return {
    json,
    dev,
    redisUrl: redis ?? filled(env.REDIS_URL),
    port: portNumber(port ?? filled(env.SWITCHYARD_PORT) ?? String(DEFAULT_PORT)),
    dataDir: resolve(data ?? filled(env.SWITCHYARD_DATA_DIR) ?? DEFAULT_DATA_DIR),
    mcp: mcpPath === undefined ? undefined : resolve(mcpPath),
    config: config === undefined ? undefined : resolve(config),
  };
}

/** A variable that is set to nothing counts as not set, as compose files and CI systems leave them. */
function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new SwitchyardError(
    'INVALID_INPUT',
    `The port is "${text}": give a number from 0 (any free one) to 65535 by --port or SWITCHYARD_PORT.`,
  );
}

/** @throws SwitchyardError INVALID_INPUT that names the flag */
export function wholeNumber(flag: string, text: string, range: { readonly min: number; readonly max: number }): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= range.min && value <= range.max) return value;
  throw new SwitchyardError('INVALID_INPUT', `${flag} is "${text}": give a number from ${range.min} to ${range.max}.`);
}

/** Milliseconds. @throws SwitchyardError INVALID_INPUT that names the flag */
export function durationMs(flag: string, text: string): number {
  try {
    return toMs((/^\d+$/.test(text) ? Number(text) : text) as Duration);
  } catch (cause) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `${flag} is "${text}": give a number with ms, s, m, h or d, such as ${flag}=5s.`,
      { cause },
    );
  }
}
