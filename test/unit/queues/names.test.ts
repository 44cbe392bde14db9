import fc from 'fast-check';
import { expect, test } from 'vitest';
import { effectKey, newRunId, parseRunId, redisKeys, stageJobId, stageOfJobKey } from '../../../src/names.js';

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}([._-][a-z0-9]{1,5}){0,3}$/);
const time = fc.integer({ min: 0, max: 8_640_000_000_000_000 });

test('two runs of one millisecond differ', () => {
  const ids = Array.from({ length: 1_000 }, () => newRunId('flow', undefined, 1_700_000_000_000));
  expect(new Set(ids).size).toBe(1_000);
});

test('ids without a key sort by time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 36 ** 9 - 2 }), (at) => {
      expect(newRunId('f', undefined, at) < newRunId('f', undefined, at + 1)).toBe(true);
    }),
  );
});

test('the same key is the same id, at any time; another workflow or key is another', () => {
  fc.assert(
    fc.property(name, fc.string({ minLength: 1 }), time, time, (workflow, key, t1, t2) => {
      const id = newRunId(workflow, key, t1);
      expect(newRunId(workflow, key, t2)).toBe(id);
      expect(newRunId(workflow, `${key}.`, t1)).not.toBe(id);
      expect(newRunId(`${workflow}x`, key, t1)).not.toBe(id);
    }),
  );
});

test('a run’s id can be taken apart again', () => {
  fc.assert(
    fc.property(name, fc.option(fc.string({ minLength: 1 }), { nil: undefined }), time, (workflow, key, now) => {
      expect(parseRunId(newRunId(workflow, key, now))).toEqual({ workflow, shard: 0 });
    }),
  );
});

test.each(['', 'flow', 'flow-0', 'flow-x-kab', '-0-k1', 'flow-0-z12'])('%j is no run’s id', (id) => {
  expect(parseRunId(id)).toBeUndefined();
});

test('a child’s stage can be read from its key, and no id has what BullMQ refuses', () => {
  fc.assert(
    fc.property(name, name, name, time, (workflow, queue, stage, now) => {
      const run = newRunId(workflow, undefined, now);
      const id = stageJobId(run, stage);
      expect(id).not.toContain(':');
      expect(Number.isNaN(Number(id))).toBe(true);
      expect(stageOfJobKey(run, redisKeys('{sy0}').job(queue, id))).toBe(stage);
    }),
  );
});

test('every call of a task has a key of its own', () => {
  expect([effectKey('r', 's', 1), effectKey('r', 's', 2), effectKey('r', 's.undo', 1)]).toEqual([
    'r/s/1',
    'r/s/2',
    'r/s.undo/1',
  ]);
});
