/**
 * The tool pool as an application holds it. Its inside, the MCP client and what starts servers, is loaded when it is first
 * asked for something: a process that only starts runs may be given one and never pays for it.
 */
import type { McpToolPool, ToolPool, ToolPoolOptions } from './mcp-tool-pool.js';
import { placeOf } from './tool-place.js';

export type { DescribedServer, ServerCheck, ToolPool, ToolPoolOptions } from './mcp-tool-pool.js';

export function createToolPool(options: ToolPoolOptions): ToolPool {
  const { config } = options;
  let pool: McpToolPool | undefined;
  let loading: Promise<McpToolPool> | undefined;
  let closed = false;

  async function load(): Promise<McpToolPool> {
    const { McpToolPool } = await import('./mcp-tool-pool.js');
    const made = new McpToolPool(options);
    // As one that was closed in use: it calls nothing more, and says so.
    if (closed) await made.close();
    pool = made;
    return made;
  }
  function loaded(): Promise<McpToolPool> {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  return {
    call: async (capability, args, how) => await (pool ?? (await loaded())).call(capability, args, how),
    placeOf: (capability) => placeOf(capability, config),
    check: async () => await (await loaded()).check(),
    describe: async () => await (await loaded()).describe(),
    health: () => pool?.health() ?? [...config.servers.keys()].map((server) => ({ server, ...UNTOUCHED })),
    async close() {
      closed = true;
      await (await loading?.catch(() => undefined))?.close();
    },
  };
}

const UNTOUCHED = {
  breaker: 'closed',
  failures: 0,
  connected: false,
  inFlight: 0,
  waiting: 0,
  restarts: 0,
} as const;
