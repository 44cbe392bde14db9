import { expect, test } from 'vitest';
import { TASK_DEFAULTS } from '../../../src/config.js';
import type { Logger } from '../../../src/ports.js';
import { createIsolation, letIn, suspectWait } from '../../../src/processors/isolation.js';
import { silentLog } from '../../support/silent-log.js';

const never = new AbortController().signal;
const LONG = 60_000;
const job = (crashes: number, id = String(crashes)) => ({ id, stalledCounter: crashes });

test('jobs without a record, or with one crash, run together, and are let in without a wait', () => {
  const isolation = createIsolation();
  expect(typeof isolation.enter(0, never, LONG)).toBe('function');
  expect(typeof isolation.enter(1, never, LONG)).toBe('function');
  expect(isolation.closed()).toBeUndefined();
});

test('a job that has lost its worker twice waits for those that run, runs alone, and keeps all others out', async () => {
  const isolation = createIsolation();
  const leaveFirst = await isolation.enter(0, never, LONG);
  const suspect = isolation.enter(2, never, LONG);
  expect(isolation.enter(0, never, LONG)).toBeUndefined();
  expect(isolation.enter(2, never, LONG)).toBeUndefined();
  leaveFirst?.();
  const leaveSuspect = await suspect;
  expect(isolation.enter(0, never, LONG)).toBeUndefined();
  const opens = isolation.closed();
  leaveSuspect?.();
  await opens;
  expect(isolation.closed()).toBeUndefined();
  expect(typeof isolation.enter(0, never, LONG)).toBe('function');
});

test('of two suspects the second is put back: nothing else is there when the first one dies', async () => {
  const isolation = createIsolation();
  const leave = await isolation.enter(2, never, LONG);
  expect(isolation.enter(3, never, LONG)).toBeUndefined();
  leave?.();
  expect(typeof isolation.enter(3, never, LONG)).toBe('function');
});

test('a suspect whose signal is aborted while it waits blocks nobody', async () => {
  const isolation = createIsolation();
  const leave = await isolation.enter(0, never, LONG);
  const stop = new AbortController();
  const suspect = isolation.enter(2, stop.signal, LONG);
  const opens = isolation.closed();
  stop.abort();
  await suspect;
  await opens;
  expect(typeof isolation.enter(0, never, LONG)).toBe('function');
  leave?.();
});

test('a suspect that waits in vain is put back, and the process takes jobs again beside the one that goes on', async () => {
  const isolation = createIsolation();
  const leave = await isolation.enter(0, never, LONG);
  const suspect = isolation.enter(2, never, 1);
  const opens = isolation.closed();
  expect(opens).toBeDefined();
  expect(await suspect).toBeUndefined();
  await opens;
  expect(typeof isolation.enter(0, never, LONG)).toBe('function');
  leave?.();
});

test('what is not let in is put back: one without a record soon, a suspect for longer each time; both are told', async () => {
  const told: object[] = [];
  const logger: Logger = { ...silentLog, warn: (fields) => told.push(fields) };
  const isolation = createIsolation();
  const [innocent, suspect] = [job(0), job(2)];
  const first = await letIn(isolation, logger, innocent, never);
  const inVain = letIn(isolation, logger, suspect, never);
  expect(await letIn(isolation, logger, innocent, never)).toEqual({ keptOutMs: 100 });
  expect(await inVain).toEqual({ keptOutMs: 500 });
  expect(told).toEqual([
    { job: '2', waitMs: 250 },
    { job: '2', keptOutMs: 500 },
  ]);
  const again = letIn(isolation, logger, suspect, never);
  // It has not waited: another suspect is there.
  expect(await letIn(isolation, logger, job(2, 'another'), never)).toEqual({ keptOutMs: 500 });
  expect(await again).toEqual({ keptOutMs: 1_000 });
  if ('leave' in first) first.leave();
  expect(await letIn(isolation, logger, suspect, never)).toHaveProperty('leave');
});

test('a suspect waits longer each time, up to a task of the usual length, and keeps a process closed a third of the time', () => {
  const waits = [0, 1, 2, 50].map(suspectWait);
  expect(waits.map(({ waitMs }) => waitMs)).toEqual([250, 500, 1_000, TASK_DEFAULTS.timeoutMs]);
  for (const { waitMs, keptOutMs } of waits) expect(waitMs / (waitMs + keptOutMs)).toBeCloseTo(1 / 3);
});
