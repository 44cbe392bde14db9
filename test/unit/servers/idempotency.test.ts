import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EFFECT_TABLES, EFFECT_TABLES_SINCE_1, EffectJournal } from '../../../src/servers/idempotency.js';
import { SqliteFile } from '../../../src/servers/sqlite.js';
import { dataFolder } from '../../integration/servers/server-fixture.js';

const Answer = z.object({ n: z.number() });

function journal() {
  const file = new SqliteFile(join(dataFolder(), 'effects.db'), { version: 1, tables: EFFECT_TABLES });
  const effects = new EffectJournal(file);
  const happened: string[] = [];
  return {
    happened,
    effects,
    once: (key: string, args: object = { a: 1 }, tool = 'pay') =>
      file.transaction(() =>
        effects.once({ key, tool, args }, Answer, () => {
          happened.push(`${tool} ${key}`);
          return { n: happened.length };
        }),
      ),
    undo: (of: string, key?: string, undoes = 'pay') =>
      file.transaction(() =>
        effects.undo({ key, tool: 'refund', args: {}, of, undoes }, Answer, {
          check: () => {},
          reverse: () => {
            happened.push(`refund ${of}`);
            return { n: 100 + happened.length };
          },
          never: () => ({ n: 0 }),
        }),
      ),
  };
}

const failing = (code: string) => expect.objectContaining({ code, retryable: false });

describe('an effect under a key', () => {
  it('nothing → the effect: happens, and again answers without happening again', () => {
    const { once, happened } = journal();
    expect(once('k')).toEqual({ n: 1 });
    expect(once('k')).toEqual({ n: 1 });
    expect(happened).toEqual(['pay k']);
  });

  it('knows the same arguments in another order', () => {
    const { once, happened } = journal();
    once('k', { a: 1, b: { c: 2, d: 3 } });
    once('k', { b: { d: 3, c: 2 }, a: 1 });
    expect(happened).toHaveLength(1);
  });

  it('refuses the key for other arguments, and for another tool', () => {
    const { once, happened } = journal();
    once('k');
    expect(() => once('k', { a: 2 })).toThrow(failing('KEY_REUSED'));
    expect(() => once('k', { a: 1 }, 'ship')).toThrow(failing('KEY_REUSED'));
    expect(happened).toEqual(['pay k']);
  });
});

describe('an undo', () => {
  it('the effect → undone: reverses once, whatever key asks again, and always answers the same', () => {
    const { once, undo, happened } = journal();
    once('k');
    const first = undo('k', 'u1');
    expect(undo('k', 'u1')).toEqual(first);
    expect(undo('k', 'u2')).toEqual(first);
    expect(undo('k')).toEqual(first);
    expect(happened).toEqual(['pay k', 'refund k']);
  });

  it('the effect, undone → refuses the late effect, which is not in force any more', () => {
    const { once, undo } = journal();
    once('k');
    undo('k', 'u');
    expect(() => once('k')).toThrow(failing('UNDONE'));
  });

  it('nothing → a tombstone: changes nothing, and refuses the late effect with any arguments', () => {
    const { once, undo, happened, effects } = journal();
    expect(undo('k', 'u')).toEqual({ n: 0 });
    expect(undo('k', 'u')).toEqual({ n: 0 });
    expect(undo('k')).toEqual({ n: 0 });
    expect(() => once('k')).toThrow(failing('UNDONE'));
    expect(() => once('k', { other: true })).toThrow(failing('UNDONE'));
    expect(effects.find('k')).toBeUndefined();
    expect(happened).toEqual([]);
  });

  it('refuses to undo what another tool did, and to take the key of what it undoes', () => {
    const { once, undo, happened } = journal();
    once('k', {}, 'ship');
    expect(() => undo('k', 'u')).toThrow(failing('UNDO_MISMATCH'));
    expect(() => undo('k', 'k')).toThrow(failing('KEY_REUSED'));
    expect(happened).toEqual(['ship k']);
  });

  it('refuses a key that another undo has used', () => {
    const { once, undo, happened } = journal();
    once('k1');
    once('k2');
    undo('k1', 'u');
    expect(() => undo('k2', 'u')).toThrow(failing('KEY_REUSED'));
    expect(happened).toEqual(['pay k1', 'pay k2', 'refund k1']);
  });
});

describe('the list of effects', () => {
  it('[P3] goes through all keys in order, page by page, each with its tool and whether it stands', () => {
    const { once, undo, effects } = journal();
    for (const key of ['b/2', 'a', 'b/10', 'c']) once(key);
    undo('b/10', 'u');
    undo('never');
    const first = effects.list({ limit: 4 });
    expect(first).toMatchObject({
      effects: [
        { key: 'a', tool: 'pay', undone: false },
        { key: 'b/10', tool: 'pay', undone: true },
        { key: 'b/2', undone: false },
        { key: 'c' },
      ],
      next: 'c',
    });
    for (const { at } of first.effects) expect(Date.now() - Date.parse(at ?? '')).toBeLessThan(60_000);
    expect(effects.list({ limit: 4, after: first.next })).toMatchObject({
      effects: [
        { key: 'never', undone: true },
        { key: 'u', tool: 'refund', undone: false },
      ],
    });
    expect(effects.list({ limit: 4, after: 'u' })).toEqual({ effects: [] });
  });

  it('keeps to a prefix, whatever stands in it', () => {
    const { once, effects } = journal();
    for (const key of ['%_x', '%_', '%', 'ab', 'ä', 'äö', 'äz😀', 'b']) once(key);
    const keys = (prefix: string, after?: string) =>
      effects.list({ limit: 9, prefix, after }).effects.map((e) => e.key);
    expect(keys('%_')).toEqual(['%_', '%_x']);
    expect(keys('ä')).toEqual(['ä', 'äz😀', 'äö']);
    expect(keys('ä', 'ä')).toEqual(['äz😀', 'äö']);
    expect(keys('c')).toEqual([]);
  });

  it('is there in a file from before it was kept when an effect happened', () => {
    const path = join(dataFolder(), 'old.db');
    const old = new SqliteFile(path, { version: 1, tables: EFFECT_TABLES.replace(/,? *--.*\n *at TEXT.*/, '') });
    old.run("INSERT INTO effects (key, tool, arguments, answer) VALUES ('k', 'pay', '{}', '{}')");
    old.close();
    const schema = { version: 2, tables: EFFECT_TABLES, upgrades: [EFFECT_TABLES_SINCE_1] };
    for (const open of [1, 2]) {
      const file = new SqliteFile(path, schema);
      expect(new EffectJournal(file).list({ limit: open })).toMatchObject({
        effects: [{ key: 'k', tool: 'pay', undone: false }],
      });
      file.close();
    }
    expect(() => new SqliteFile(path, { version: 1, tables: EFFECT_TABLES })).toThrow(/version 2/);
  });
});
