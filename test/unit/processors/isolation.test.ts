import { expect, test } from 'vitest';
import { createIsolation } from '../../../src/processors/isolation.js';

const never = new AbortController().signal;

/** Lets jobs in by name, and keeps who is in. */
function place() {
  const isolation = createIsolation();
  const inside = new Set<string>();
  return {
    inside,
    async enter(name: string, crashes: number, signal: AbortSignal = never) {
      const leave = await isolation.enter(crashes, signal);
      inside.add(name);
      return () => {
        inside.delete(name);
        leave();
      };
    },
    isolation,
  };
}

/** Promises that can settle have settled. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('jobs without a record, or with one crash, run together, and are let in without a wait', async () => {
  const { isolation } = place();
  expect(typeof isolation.enter(0, never)).toBe('function');
  expect(typeof isolation.enter(1, never)).toBe('function');
});

test('a job that has lost its worker twice waits for those that run, runs alone, and lets the later ones in after it', async () => {
  const at = place();
  const leaveFirst = await at.enter('innocent', 0);
  const suspect = at.enter('suspect', 2);
  const later = at.enter('later', 0);
  await settled();
  expect([...at.inside]).toEqual(['innocent']);
  leaveFirst();
  const leaveSuspect = await suspect;
  await settled();
  expect([...at.inside]).toEqual(['suspect']);
  leaveSuspect();
  (await later)();
  expect([...at.inside]).toEqual([]);
});

test('two suspects run one after the other', async () => {
  const at = place();
  const leave = await at.enter('one', 2);
  const two = at.enter('two', 3);
  await settled();
  expect([...at.inside]).toEqual(['one']);
  leave();
  (await two)();
});

test('a suspect whose signal is aborted while it waits blocks nobody', async () => {
  const at = place();
  const leave = await at.enter('innocent', 0);
  const stop = new AbortController();
  const suspect = at.enter('suspect', 2, stop.signal);
  const later = at.enter('later', 0);
  stop.abort();
  await suspect;
  (await later)();
  leave();
  expect(typeof at.isolation.enter(2, never)).toBe('function');
});
