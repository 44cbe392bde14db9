/** The pool before it was ever asked for something, when its inside is not loaded. */
import { expect, test } from 'vitest';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { McpToolPool } from '../../../src/adapters/mcp/mcp-tool-pool.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';

const config = parseMcpConfig(
  {
    mcpServers: { shop: { url: 'http://127.0.0.1:1/mcp' }, files: { command: 'node' } },
    bindings: { 'commerce.charge': { server: 'shop', tool: 'pay' } },
  },
  'the test',
);

test('tells where a capability leads, and how its servers fare, as it does later', async () => {
  const pool = createToolPool({ config });
  expect(pool.placeOf?.('commerce.charge')).toEqual({ server: 'shop', tool: 'pay', transport: 'http' });
  expect(pool.placeOf?.('files.read')).toEqual({ server: 'files', tool: 'read', transport: 'stdio' });
  expect(pool.placeOf?.('nowhere.read')).toBeUndefined();
  expect(pool.health()).toEqual(new McpToolPool({ config }).health());
  await pool.close();
});

test('a call reaches the inside, however many come first at once', async () => {
  const pool = createToolPool({ config });
  const ask = () => pool.call('nowhere.read', {}, { timeoutMs: 1_000, safeToRepeat: false });
  await Promise.all([
    expect(ask()).rejects.toMatchObject({ code: 'UNKNOWN_SERVER' }),
    expect(ask()).rejects.toMatchObject({ code: 'UNKNOWN_SERVER' }),
  ]);
  await pool.close();
});

test('one that was closed unused starts no server for a call that comes later', async () => {
  const pool = createToolPool({ config });
  await pool.close();
  const after = pool.call('files.read', {}, { timeoutMs: 1_000, safeToRepeat: false });
  const used = new McpToolPool({ config });
  await used.close();
  const usual = await used
    .call('files.read', {}, { timeoutMs: 1_000, safeToRepeat: false })
    .catch((error: unknown) => error);
  await expect(after).rejects.toMatchObject({ message: usual instanceof Error ? usual.message : 'an error' });
});
