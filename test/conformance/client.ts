/** Our MCP client as the conformance suite drives it: the suite's scenario in the environment, its server's URL last. */
import { parseMcpConfig } from '../../src/adapters/mcp/config.js';
import { createToolPool } from '../../src/adapters/mcp/tool-pool.js';

const url = process.argv.at(-1) ?? '';
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';

const pool = createToolPool({ config: parseMcpConfig({ mcpServers: { suite: { url } } }, 'the suite') });
const call = (tool: string, args: Readonly<Record<string, unknown>> = {}) =>
  pool.call(`suite.${tool}`, args, { timeoutMs: 5_000, safeToRepeat: false });

const SCENARIOS: Readonly<Record<string, () => Promise<unknown>>> = {
  initialize: () => pool.check(),
  tools_call: () => call('add_numbers', { a: 5, b: 3 }),
  'sse-retry': () => call('test_reconnection'),
  'elicitation-sep1034-client-defaults': () => call('test_client_elicitation_defaults'),
};

try {
  const run = SCENARIOS[scenario];
  if (!run) throw new Error(`our client has nothing to do in scenario "${scenario}"`);
  process.stdout.write(`${JSON.stringify(await run())}\n`);
} finally {
  await pool.close();
}
