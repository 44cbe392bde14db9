/** The servers of this package, as entries of an `mcp.json`. */
import { fileURLToPath } from 'node:url';

export const SHIPPED_SERVERS = ['weather', 'database', 'commerce'] as const;
export type ShippedServer = (typeof SHIPPED_SERVERS)[number];

export interface StdioServerEntry {
  readonly command: string;
  readonly args: readonly string[];
}

export interface ShippedServerOptions {
  /** Folder of the SQLite files; the servers of all workers must be given the same. */
  readonly dataDir?: string | undefined;
  /** A fault file; see `fault-rules.ts`. */
  readonly faults?: string | undefined;
  /** Where the weather comes from. Default: Open-Meteo, and the bundled sample while that cannot be reached. */
  readonly weatherSource?: 'auto' | 'open-meteo' | 'sample' | undefined;
}

/**
 * Entries that start each compiled server directly with this Node: without a shell or npx in between, which would
 * survive the death of whoever started them.
 */
export function shippedServers(options: ShippedServerOptions = {}): Record<ShippedServer, StdioServerEntry> {
  const { dataDir, faults, weatherSource } = options;
  const common = [...(dataDir ? ['--data', dataDir] : []), ...(faults ? ['--faults', faults] : [])];
  const entry = (server: ShippedServer, own: readonly string[] = []): StdioServerEntry => ({
    command: process.execPath,
    args: [fileURLToPath(new URL(`./${server}/main.js`, import.meta.url)), ...own, ...common],
  });
  return {
    weather: entry('weather', weatherSource ? ['--source', weatherSource] : []),
    database: entry('database'),
    commerce: entry('commerce'),
  };
}
