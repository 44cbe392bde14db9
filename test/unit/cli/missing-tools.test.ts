import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { missingTools } from '../../../src/cli/missing-tools.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineTask, mcpTask, type Task } from '../../../src/task.js';
import { shippedWorkflows } from '../../../src/workflows/index.js';

const config = parseMcpConfig(
  {
    mcpServers: { shop: { command: 'shop' }, down: { command: 'down' } },
    bindings: { 'mail.send': { server: 'shop', tool: 'post' }, 'mail.list': { server: 'shop', tool: 'letters' } },
  },
  'mcp.json',
);
const checks = [
  { server: 'shop', ok: true, implementation: 'shop 1', tools: ['charge', 'post'] },
  { server: 'down', ok: false, error: { code: 'SERVER_START_FAILED', message: 'down', retryable: true } },
] as const;

function workflow(...tasks: readonly Task<Record<string, unknown>>[]) {
  const branches = tasks.map((run, at) => [`b${at}`, { run, with: () => ({}) }]);
  return defineFanOut({
    name: 'mine',
    input: z.object({}),
    branches: Object.fromEntries(branches),
    aggregate: () => 1,
  });
}

it('a tool, or a server, that a workflow names and nobody has is told once, with what there is', () => {
  const missing = missingTools(
    [workflow(mcpTask('shop.refund'), mcpTask('shop.refund'), mcpTask('mail.list'), mcpTask('nowhere.look'))],
    config,
    checks,
  );
  expect(missing.map(({ workflow: name, capability }) => `${name} ${capability}`)).toEqual([
    'mine shop.refund',
    'mine mail.list',
    'mine nowhere.look',
  ]);
  const [refund, list, look] = missing.map(({ message }) => message);
  expect(refund).toContain('workflow "mine" calls shop.refund, and MCP server "shop" has no tool "refund"');
  expect(refund).toContain('it has: charge, post.');
  expect(list).toContain('MCP server "shop" has no tool "letters"');
  expect(look).toContain('there is no MCP server "nowhere"; configured: shop, down');
});

it('what is there, what stands behind a server that did not start, and code of its own are not', () => {
  const code = defineTask({ name: 'reports.daily', input: z.looseObject({}), output: z.string(), run: () => 'done' });
  const mine = workflow(mcpTask('shop.charge'), mcpTask('mail.send'), mcpTask('down.anything'), code);
  expect(missingTools([mine], config, checks)).toEqual([]);
  const without = parseMcpConfig({ mcpServers: {} }, 'mcp.json');
  const told = missingTools(shippedWorkflows, without, []).map(({ capability }) => capability);
  expect(told.length).toBeGreaterThan(0);
  expect(told.filter((capability) => !/^(database|commerce)\./.test(capability))).toEqual([]);
});
