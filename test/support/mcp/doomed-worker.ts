/**
 * A worker process that has started an MCP server and waits to be killed:
 * `node --import tsx doomed-worker.ts <mcp.json as text> <data folder>`. Prints the server's pid.
 */
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';

const [, , json = '', dataDir = ''] = process.argv;
const pool = createToolPool({ config: parseMcpConfig(JSON.parse(json), 'the test'), dataDir });
const answer = await pool.call('rogue.environment', {}, { timeoutMs: 20_000, safeToRepeat: true });
process.stdout.write(`${Reflect.get(Object(answer), 'pid')}\n`);
