import { expect, test } from 'vitest';
import { createIsolation } from '../../../src/processors/isolation.js';

const never = new AbortController().signal;

test('jobs without a record, or with one crash, run together, and are let in without a wait', () => {
  const isolation = createIsolation();
  expect(typeof isolation.enter(0, never)).toBe('function');
  expect(typeof isolation.enter(1, never)).toBe('function');
  expect(isolation.closed()).toBeUndefined();
});

test('a job that has lost its worker twice waits for those that run, runs alone, and keeps all others out', async () => {
  const isolation = createIsolation();
  const leaveFirst = await isolation.enter(0, never);
  const suspect = isolation.enter(2, never);
  expect(isolation.enter(0, never)).toBeUndefined();
  expect(isolation.enter(2, never)).toBeUndefined();
  leaveFirst?.();
  const leaveSuspect = await suspect;
  expect(isolation.enter(0, never)).toBeUndefined();
  const opens = isolation.closed();
  leaveSuspect?.();
  await opens;
  expect(isolation.closed()).toBeUndefined();
  expect(typeof isolation.enter(0, never)).toBe('function');
});

test('of two suspects the second is put back: nothing else is there when the first one dies', async () => {
  const isolation = createIsolation();
  const leave = await isolation.enter(2, never);
  expect(isolation.enter(3, never)).toBeUndefined();
  leave?.();
  expect(typeof isolation.enter(3, never)).toBe('function');
});

test('a suspect whose signal is aborted while it waits blocks nobody', async () => {
  const isolation = createIsolation();
  const leave = await isolation.enter(0, never);
  const stop = new AbortController();
  const suspect = isolation.enter(2, stop.signal);
  const opens = isolation.closed();
  stop.abort();
  await suspect;
  await opens;
  expect(typeof isolation.enter(0, never)).toBe('function');
  leave?.();
});
