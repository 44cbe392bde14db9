import { describe, expect, it } from 'vitest';
import { databaseProgram } from '../../../src/servers/database/program.js';
import { answer, connect, openTools, refusal } from './server-fixture.js';

const database = () => connect(openTools(databaseProgram));

describe('the database tools over MCP', () => {
  it('query with defaults: all rows when nothing is asked for', async () => {
    expect(await answer(await database(), 'query', { table: 'customers' })).toMatchObject({
      total: 12,
      truncated: false,
    });
  });

  it('query refuses an unknown table with those that exist, a long text and a limit above the cap', async () => {
    const client = await database();
    const unknown = await refusal(client, 'query', { table: 'secrets', query: '' });
    expect(unknown).toMatchObject({ code: 'INVALID_ARGUMENTS', retryable: false });
    expect(unknown.message).toContain('inventory');
    for (const wrong of [{ query: 'x'.repeat(2_001) }, { limit: 101 }]) {
      expect(await refusal(client, 'query', { table: 'users', ...wrong })).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    }
  });

  it('insert, find, update, delete', async () => {
    const client = await database();
    const { id } = await answer(client, 'insert', { table: 'users', data: { name: 'Zoe' }, idempotencyKey: 'k' });
    expect(await answer(client, 'update', { table: 'users', id, data: { status: 'locked' } })).toEqual({ updated: 1 });
    expect(await answer(client, 'query', { table: 'users', query: String(id) })).toMatchObject({
      rows: [{ id, name: 'Zoe', status: 'locked' }],
    });
    expect(await answer(client, 'delete', { table: 'users', id })).toEqual({ deleted: 1 });
    expect(await answer(client, 'delete', { table: 'users', id })).toEqual({ deleted: 0 });
  });

  it.each([
    ['update', { table: 'users', data: { name: 'x' } }, 'give id or where'],
    ['update', { table: 'users', id: 'a', where: { name: 'b' }, data: { name: 'x' } }, 'give id or where'],
    ['update', { table: 'users', where: {}, data: { name: 'x' } }, 'at least one column'],
    ['delete', { table: 'users' }, 'give id or undoOf'],
    ['adjust', { table: 'inventory', column: 'quantity', changes: [] }, 'changes'],
    ['adjust', { table: 'inventory', column: 'quantity', changes: [{ id: 'sku-5001', by: 0.5 }] }, 'changes.0.by'],
  ])('%s refuses %j', async (tool, args, problem) => {
    const error = await refusal(await database(), tool, args);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS', message: expect.stringContaining(problem) });
  });

  it('adjust says OUT_OF_STOCK, for good', async () => {
    const changes = [{ id: 'sku-5011', by: -4 }];
    const error = await refusal(await database(), 'adjust', { table: 'inventory', column: 'quantity', changes });
    expect(error).toMatchObject({ code: 'OUT_OF_STOCK', retryable: false });
  });
});
