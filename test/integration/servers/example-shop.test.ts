/** The shop of the crash test's examples, as that test starts it: one process per worker, all with one book. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';

async function bookFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-shop-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function openShop(folder: string) {
  const args = [resolve('examples', 'crash-test', 'shop-server.mjs'), folder];
  const client = new Client({ name: 'test', version: '0.0.0' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
  onTestFinished(() => client.close());
  return async (tool: string, input: Record<string, unknown>) => {
    const { content } = await client.callTool({ name: tool, arguments: input });
    return z.array(z.object({ text: z.string() })).parse(content)[0]?.text;
  };
}

it('answers a request that two servers are given at once with one effect, and one answer', async () => {
  const folder = await bookFolder();
  const [one, other] = await Promise.all([openShop(folder), openShop(folder)]);
  for (let at = 0; at < 50; at += 1) {
    const order = { orderId: `order-${at}`, cents: 5, requestId: `request-${at}` };
    const [first, second] = await Promise.all([one('charge', order), other('charge', order)]);
    expect(second).toBe(first);
    expect(await one('standing', { of: order.orderId })).toBe('{"standing":1}');
  }
});

it('goes on where another was killed while it wrote', async () => {
  const folder = await bookFolder();
  const shop = await openShop(folder);
  await shop('charge', { orderId: 'whole', cents: 5, requestId: 'whole' });
  await writeFile(join(folder, 'shop', 'torn.draft'), '{"entries":[{"kind":"eff');
  expect(await shop('charge', { orderId: 'next', cents: 5, requestId: 'next' })).toContain('chargeId');
  expect(await shop('refund', { orderId: 'whole', requestId: 'back' })).toBe('{"refunded":1}');
  expect((await readdir(join(folder, 'shop'))).filter((name) => name.endsWith('.draft'))).toEqual(['torn.draft']);
});
