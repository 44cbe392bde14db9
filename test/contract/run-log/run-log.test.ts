/**
 * The contract of the port `RunLog`, as `src/ports.ts` words it, on each adapter that we have: the one on Redis, and the one
 * of tests in memory. Where they differ, the scripts are right.
 */
import { describe, expect, test } from 'vitest';
import { attempt, done, intent, outcome, saga } from './samples.js';
import { inMemory, inRedis, type Subject } from './subjects.js';

describe.each([
  ['in Redis', inRedis],
  ['in memory', inMemory],
] as const)('the log of a run %s', (_where, make) => {
  const subject = (): Promise<Subject> => make(saga);

  test('a run that was accepted reads as it was sent', async () => {
    const it = await subject();
    expect(await it.log.read(it.run)).toMatchObject({
      record: {
        id: it.run,
        workflow: 'flow',
        version: 1,
        input: { n: 1 },
        key: 'k',
        priority: 'HIGH',
        intents: new Map(),
        done: new Map(),
      },
      stages: new Map([['pay', { state: 'pending' }]]),
    });
  });

  test('a run that is none reads as undefined', async () => {
    const it = await subject();
    expect(await it.log.read('flow-0-tnone')).toBeUndefined();
  });

  test('an intent is kept with what is needed to undo it, and the next attempt is told of it', async () => {
    const it = await subject();
    expect(await it.log.beginEffect(it.run, it.fence, 'pay', intent, 'forward')).toEqual({ kind: 'begun' });
    expect(await it.log.beginEffect(it.run, it.fence, 'pay', { ...intent, attempt: 2 }, 'forward')).toEqual({
      kind: 'begun',
      previous: intent,
    });
    expect((await it.log.read(it.run))?.record.intents.get('pay')).toEqual({ ...intent, attempt: 2 });
  });

  test('an intent that is sent twice, because its reply was lost, is no earlier attempt of its own', async () => {
    const it = await subject();
    await it.log.beginEffect(it.run, it.fence, 'pay', intent, 'forward');
    expect(await it.log.beginEffect(it.run, it.fence, 'pay', intent, 'forward')).toEqual({ kind: 'begun' });
  });

  test('an effect that is recorded is not begun again, and its first record stands', async () => {
    const it = await subject();
    await it.log.beginEffect(it.run, it.fence, 'pay', intent, 'forward');
    expect(await it.log.finishEffect(it.run, it.fence, 'pay', done)).toEqual({ kind: 'recorded' });
    expect(await it.log.finishEffect(it.run, it.fence, 'pay', { ...done, output: 'another' })).toEqual({
      kind: 'recorded',
    });
    expect(await it.log.beginEffect(it.run, it.fence, 'pay', { ...intent, attempt: 2 }, 'forward')).toEqual({
      kind: 'already-done',
      done,
    });
    expect((await it.log.read(it.run))?.record.done.get('pay')).toEqual(done);
  });

  test('failed attempts are kept in order, each once', async () => {
    const it = await subject();
    expect((await it.log.read(it.run))?.record.tried).toBeUndefined();
    for (const n of [10, 2, 1, 2]) await it.log.recordFailedAttempt(it.run, it.fence, 'pay', attempt(n));
    const { failedAttempts, tried } = (await it.log.read(it.run))?.record ?? {};
    expect(failedAttempts?.get('pay')).toEqual([attempt(1), attempt(2), attempt(10)]);
    expect(tried).toBe(true);
  });

  test('whether a run is there, and is to stop, is told without reading it', async () => {
    const it = await subject();
    expect(await it.log.mark('flow-0-tnone')).toBeUndefined();
    expect(await it.log.mark(it.run)).toEqual({ stopping: false });
    await it.stop(it.run, { cause: 'cancelled', at: 1 });
    expect(await it.log.mark(it.run)).toEqual({ stopping: true });
  });

  test('an answer that an attempt lost is told of, until a person has answered for it', async () => {
    const it = await subject();
    const lost = { ...attempt(3), error: { ...attempt(3).error, answered: false } as const };
    for (const one of [attempt(2), lost]) await it.log.recordFailedAttempt(it.run, it.fence, 'pay', one);
    const asked = (after: number, before: number) => it.log.lostAnswer(it.run, 'pay', { after, before });
    expect(await asked(0, 4)).toBe(true);
    expect(await asked(0, 3)).toBe(false);
    expect(await asked(3, 9)).toBe(false);
    await it.set('answered-for/pay', '3');
    expect(await asked(0, 4)).toBe(false);
  });

  test('a clock that has rung is forgotten, and the others are not', async () => {
    const it = await subject();
    await it.setClocks({ deadline: 7, sla: 5 });
    expect((await it.log.read(it.run))?.record.clocks?.get('sla')).toBe(5);
    expect(await it.log.forgetClock(it.run, it.fence, 'sla')).toEqual({ kind: 'recorded' });
    expect((await it.log.read(it.run))?.record.clocks).toEqual(new Map([['deadline', 7]]));
    await it.log.forgetClock(it.run, it.fence, 'deadline');
    expect((await it.log.read(it.run))?.record.clocks).toBeUndefined();
  });

  test('the first decision stands, and every later one is answered with it', async () => {
    const it = await subject();
    expect(await it.log.decideOnce(it.run, it.fence, { route: 'a' })).toEqual({
      kind: 'decided',
      decision: { route: 'a' },
    });
    expect(await it.log.decideOnce(it.run, it.fence, { route: 'b' })).toEqual({
      kind: 'decided',
      decision: { route: 'a' },
    });
  });

  test('a run ends once: the first outcome stands, and its phase is over', async () => {
    const it = await subject();
    await it.set('phase', 'compensating');
    expect((await it.log.read(it.run))?.record.phase).toBe('compensating');
    expect(await it.log.end(it.run, it.fence, outcome)).toEqual({ kind: 'ended', outcome });
    expect(await it.log.end(it.run, it.fence, { status: 'failed', finishedAt: 99 })).toEqual({
      kind: 'ended',
      outcome,
    });
    const read = await it.log.read(it.run);
    expect(read?.record.outcome).toEqual(outcome);
    expect(read?.record.phase).toBeUndefined();
  });

  test.each<[write: string, late: (it: Subject) => Promise<unknown>]>([
    ['beginEffect', ({ log, run, late }) => log.beginEffect(run, late, 'pay', intent, 'forward')],
    ['finishEffect', ({ log, run, late }) => log.finishEffect(run, late, 'pay', done)],
    ['recordFailedAttempt', ({ log, run, late }) => log.recordFailedAttempt(run, late, 'pay', attempt(1))],
    ['decideOnce', ({ log, run, late }) => log.decideOnce(run, late, {})],
    ['recordSlaDue', ({ log, run, late }) => log.recordSlaDue(run, late, 5)],
    ['forgetClock', ({ log, run, late }) => log.forgetClock(run, late, 'deadline')],
    ['end', ({ log, run, late }) => log.end(run, late, outcome)],
  ])('%s by an attempt that lost its lock is refused, and leaves no trace', async (_write, late) => {
    const it = await subject();
    const before = await it.log.read(it.run);
    expect(await late(it)).toEqual({ kind: 'fenced-off' });
    expect(await it.log.read(it.run)).toEqual(before);
  });
});
