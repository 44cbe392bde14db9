import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteStore } from '../../../src/servers/database/sqlite-store.js';
import { TABLE_NAMES } from '../../../src/servers/database/tables.js';
import { dataFolder } from '../../integration/servers/server-fixture.js';

function open(path = join(dataFolder(), 'database.db')) {
  const store = openSqliteStore(path);
  onTestFinished(() => store.close());
  const quantity = async (id: string) => (await store.query('inventory', id, 1)).rows[0]?.quantity;
  return { store, quantity };
}

const failing = (code: string, text = '') => ({ code, retryable: false, message: expect.stringContaining(text) });
const QUANTITY = ['inventory', 'quantity'] as const;

describe('the sample data', () => {
  it('has 5 to 40 rows in each table', async () => {
    const { store } = open();
    for (const table of TABLE_NAMES) {
      const { total, rows, truncated } = await store.query(table, '', 100);
      expect(total, table).toBeGreaterThanOrEqual(5);
      expect(total, table).toBeLessThanOrEqual(40);
      expect(rows).toHaveLength(total);
      expect(truncated).toBe(false);
    }
  });

  it('is there once, also when the file is opened again', async () => {
    const path = join(dataFolder(), 'database.db');
    const first = open(path);
    await first.store.delete('products', 'prod-3001', {});
    const second = open(path);
    expect((await second.store.query('products', '', 100)).total).toBe(11);
  });
});

describe('query', () => {
  it('finds rows in which any text contains any term, in any case', async () => {
    const { store } = open();
    const { rows } = await store.query('products', 'a DEMO, or a TRIAL?', 100);
    expect(rows.map(({ id }) => id)).toEqual(['prod-3004']);
    await store.insert('products', { id: 'prod-1', name: 'ÉCLAIR' }, {});
    expect((await store.query('products', 'éclair'.normalize('NFD'), 100)).total).toBe(1);
  });

  it('finds exactly the customer whose id it names, and the rows that refer to it', async () => {
    const { store } = open();
    expect((await store.query('customers', 'billing problem of cust-1003', 100)).rows).toMatchObject([
      { id: 'cust-1003', tier: 'premium' },
    ]);
    expect((await store.query('customers', 'cust-100', 100)).total).toBe(0);
    const data = await store.query('user_data', 'cust-1001', 100);
    expect(data.rows.map(({ customer_id }) => customer_id)).toEqual(['cust-1001', 'cust-1001']);
  });

  it('finds a row by an id of any shape when that is the whole query', async () => {
    const { store } = open();
    await store.insert('users', { id: 'usr_of_order_42', name: 'Zed' }, {});
    expect((await store.query('users', 'usr_of_order_42', 100)).rows).toMatchObject([{ name: 'Zed' }]);
  });

  it('takes the wildcards of LIKE for what they are', async () => {
    const { store } = open();
    for (const query of ['%', '____', '%%%%', "' OR 1=1 --", '%eather%']) {
      const { rows } = await store.query('customers', query, 100);
      expect(rows, query).toEqual([]);
    }
  });

  it('returns no more rows than asked for, and says how many there are', async () => {
    const { store } = open();
    expect(await store.query('analytics', '', 5)).toMatchObject({ total: 36, truncated: true, rows: { length: 5 } });
  });

  it('counts and returns in order also what lies many pages apart', async () => {
    const { store } = open();
    for (let n = 0; n < 450; n += 1)
      await store.insert('users', { id: `user-${n}x1`, name: n % 200 === 7 ? 'needle' : 'straw' }, {});
    const { rows, total, truncated } = await store.query('users', 'needle', 2);
    expect([rows.map(({ id }) => id), total, truncated]).toEqual([['user-7x1', 'user-207x1'], 3, true]);
  });

  it('ends a query that takes too long, and answers others meanwhile', async () => {
    const path = join(dataFolder(), 'database.db');
    const store = openSqliteStore(path, { queryTimeoutMs: 500 });
    onTestFinished(() => store.close());
    const text = 'a'.repeat(2_000);
    for (let n = 0; n < 600; n += 1) await store.insert('users', { name: text, email: text }, {});
    // As many words as a query may have, each of which begins at every letter and is found at none.
    const words = Array.from({ length: 330 }, (_, n) => `aaa${n}`).join(' ');
    const answered: string[] = [];
    const slow = store.query('users', words, 1).finally(() => answered.push('slow'));
    const quick = store.query('customers', 'cust-1003', 1).finally(() => answered.push('quick'));
    await expect(slow).rejects.toMatchObject(failing('QUERY_TIMEOUT', 'took longer than 500 ms of users'));
    await quick;
    expect(answered).toEqual(['quick', 'slow']);
    expect((await store.query('customers', '', 1)).total).toBeGreaterThan(0);
  });

  it.each(['__proto__', 'constructor', 'sqlite_master', 'effects'])('refuses the table "%s"', async (table) => {
    const { store } = open();
    await expect(store.query(table, '', 1)).rejects.toMatchObject(failing('INVALID_ARGUMENTS', 'customers, users'));
  });
});

describe('insert, update and delete', () => {
  it('derives the id from the key, and does the same call once', async () => {
    const { store } = open();
    const data = { name: 'Zoe', email: 'zoe@example.com' };
    const first = await store.insert('users', data, { idempotencyKey: 'run/step/0' });
    const again = await store.insert('users', data, { idempotencyKey: 'run/step/0' });
    expect(again).toEqual(first);
    expect(first.id).toMatch(/^user-[0-9a-f]{20}$/);
    expect((await store.query('users', '', 100)).total).toBe(9);
  });

  it.each(['__proto__', 'constructor', 'search_text', 'name"; DROP TABLE users; --'])(
    'refuses the column %j, naming those that exist',
    async (column) => {
      const { store } = open();
      const data = Object.fromEntries([[column, 'x']]);
      const refused = failing('INVALID_ARGUMENTS', 'it has: id, name, email');
      await expect(store.insert('users', data, {})).rejects.toMatchObject(refused);
      await expect(store.update('users', { id: 'user-2001' }, data, {})).rejects.toMatchObject(refused);
      await expect(store.update('users', data, { name: 'x' }, {})).rejects.toMatchObject(refused);
    },
  );

  it('refuses a value of the wrong type, a missing column and a stock below 0', async () => {
    const { store } = open();
    const insert = (data: Record<string, string | number | null>) => store.insert('inventory', data, {});
    await expect(insert({ name: 7, quantity: 1 })).rejects.toMatchObject(
      failing('INVALID_ARGUMENTS', 'name must be a text'),
    );
    await expect(insert({ name: 'a', quantity: 1.5 })).rejects.toMatchObject(
      failing('INVALID_ARGUMENTS', 'an integer'),
    );
    await expect(insert({ name: 'a' })).rejects.toMatchObject(failing('INVALID_ARGUMENTS', 'needs: quantity'));
    await expect(insert({ name: 'a', quantity: -1 })).rejects.toMatchObject(failing('INVALID_ARGUMENTS', 'below 0'));
  });

  it('refuses an id that is taken', async () => {
    const { store } = open();
    await expect(store.insert('users', { id: 'user-2001' }, {})).rejects.toMatchObject(
      failing('DUPLICATE_ID', 'user-2001'),
    );
  });

  it('updates by id or by values, and finds the new text', async () => {
    const { store } = open();
    expect(await store.update('customers', { tier: 'standard' }, { city: 'Reykjavík' }, {})).toEqual({ updated: 7 });
    expect(await store.update('customers', { id: 'cust-1001' }, { city: 'Reykjavík' }, {})).toEqual({ updated: 1 });
    expect((await store.query('customers', 'REYKJAVÍK', 100)).total).toBe(8);
    expect((await store.query('customers', 'Stockholm', 100)).total).toBe(0);
    expect(await store.update('customers', { id: 'cust-9' }, { city: 'x' }, {})).toEqual({ updated: 0 });
  });

  it('undoes an insert by its key alone, once', async () => {
    const { store } = open();
    await store.insert('users', { name: 'Zoe' }, { idempotencyKey: 'k' });
    const undo = { undoOf: 'k', idempotencyKey: 'u' };
    expect(await store.delete('users', undefined, undo)).toEqual({ deleted: 1 });
    expect(await store.delete('users', undefined, undo)).toEqual({ deleted: 1 });
    expect((await store.query('users', '', 100)).total).toBe(8);
    await expect(store.insert('users', { name: 'Zoe' }, { idempotencyKey: 'k' })).rejects.toMatchObject(
      failing('UNDONE'),
    );
  });

  it('refuses an undo that names another row or table, and deletes neither', async () => {
    const { store } = open();
    await store.insert('users', { id: 'user-1', name: 'Zoe' }, { idempotencyKey: 'k' });
    const mismatch = failing('UNDO_MISMATCH', 'user-1');
    await expect(store.delete('users', 'user-2001', { undoOf: 'k' })).rejects.toMatchObject(mismatch);
    await expect(store.delete('products', 'user-1', { undoOf: 'k' })).rejects.toMatchObject(mismatch);
    expect((await store.query('users', '', 100)).total).toBe(9);
  });

  it('refuses the insert that comes after its undo', async () => {
    const { store } = open();
    expect(await store.delete('users', 'user-1', { undoOf: 'k' })).toEqual({ deleted: 0 });
    const late = store.insert('users', { id: 'user-1' }, { idempotencyKey: 'k' });
    await expect(late).rejects.toMatchObject(failing('UNDONE', 'before it happened'));
    expect((await store.query('users', '', 100)).total).toBe(8);
  });
});

describe('adjust', () => {
  it('changes all items or none, and never goes below 0', async () => {
    const { store, quantity } = open();
    const changes = [
      { id: 'sku-5001', by: -20 },
      { id: 'sku-5011', by: -4 },
    ];
    const refused = failing('OUT_OF_STOCK', '"sku-5011" has quantity 3, and 4 were asked for');
    await expect(store.adjust(...QUANTITY, changes, { idempotencyKey: 'k' })).rejects.toMatchObject(refused);
    expect([await quantity('sku-5001'), await quantity('sku-5011')]).toEqual([120, 3]);
    const fewer = [
      { id: 'sku-5001', by: -20 },
      { id: 'sku-5011', by: -3 },
    ];
    expect(await store.adjust(...QUANTITY, fewer, { idempotencyKey: 'k' })).toEqual({
      rows: [
        { id: 'sku-5001', value: 100 },
        { id: 'sku-5011', value: 0 },
      ],
      applied: true,
    });
  });

  it('adds up an item that is named twice', async () => {
    const { store, quantity } = open();
    const twice = [
      { id: 'sku-5011', by: -2 },
      { id: 'sku-5011', by: -2 },
    ];
    await expect(store.adjust(...QUANTITY, twice, {})).rejects.toMatchObject(
      failing('OUT_OF_STOCK', '4 were asked for'),
    );
    expect(await quantity('sku-5011')).toBe(3);
  });

  it('happens once under a key, and is undone by exactly its inverse, once', async () => {
    const { store, quantity } = open();
    const take = [{ id: 'sku-5001', by: -5 }];
    await store.adjust(...QUANTITY, take, { idempotencyKey: 'k' });
    await store.adjust(...QUANTITY, take, { idempotencyKey: 'k' });
    expect(await quantity('sku-5001')).toBe(115);
    const undo = (id: string, by: number) =>
      store.adjust(...QUANTITY, [{ id, by }], { undoOf: 'k', idempotencyKey: 'u' });
    await expect(undo('sku-5001', 6)).rejects.toMatchObject(failing('UNDO_MISMATCH', 'sku-5001 -5'));
    await expect(undo('sku-5002', 5)).rejects.toMatchObject(failing('UNDO_MISMATCH'));
    expect(await undo('sku-5001', 5)).toEqual({ rows: [{ id: 'sku-5001', value: 120 }], applied: true });
    expect(await undo('sku-5001', 5)).toEqual({ rows: [{ id: 'sku-5001', value: 120 }], applied: true });
    expect(await quantity('sku-5001')).toBe(120);
  });

  it('undoing what never happened changes nothing and refuses the late adjust, also for an unknown item', async () => {
    const { store, quantity } = open();
    const back = [
      { id: 'sku-5001', by: 5 },
      { id: 'sku-0', by: 1 },
    ];
    expect(await store.adjust(...QUANTITY, back, { undoOf: 'k' })).toEqual({
      rows: [{ id: 'sku-5001', value: 120 }],
      applied: false,
    });
    const late = store.adjust(...QUANTITY, [{ id: 'sku-5001', by: -5 }], { idempotencyKey: 'k' });
    await expect(late).rejects.toMatchObject(failing('UNDONE'));
    expect(await quantity('sku-5001')).toBe(120);
  });

  it('refuses unknown items and columns that are no stock', async () => {
    const { store } = open();
    const change = [{ id: 'sku-0', by: 1 }];
    await expect(store.adjust(...QUANTITY, change, {})).rejects.toMatchObject(failing('NOT_FOUND', 'sku-0'));
    for (const column of ['__proto__', 'name', 'search_text']) {
      const refused = failing('INVALID_ARGUMENTS', 'quantity');
      await expect(store.adjust('inventory', column, change, {})).rejects.toMatchObject(refused);
    }
    await expect(store.adjust('products', 'price_minor', change, {})).rejects.toMatchObject(
      failing('INVALID_ARGUMENTS'),
    );
  });
});
