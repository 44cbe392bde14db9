import { describe, expect, test } from 'vitest';
import { createWorkerHealth } from '../../../src/engine/worker-health.js';

/** Workers whose clock, and how long each queue has not been asked, are the test's. */
function at() {
  const time = { now: 0, stuckMs: 0, reconnects: false };
  const health = createWorkerHealth({
    queues: [
      { queue: 'runs', stuckForMs: () => 0 },
      { queue: 'tasks', stuckForMs: () => time.stuckMs },
    ],
    stuckAfterMs: 30_000,
    askedEveryMs: 10_000,
    reconnects: () => time.reconnects,
    now: () => time.now,
  });
  health.set('serving');
  return { time, health };
}

describe('liveness', () => {
  test('ends when Redis has answered nothing for longer than the bound, and comes back with an answer', () => {
    const { time, health } = at();
    time.now = 30_000;
    expect(health.look(false)).toMatchObject({ alive: true, ready: false });
    time.now = 30_001;
    expect(health.look(false)).toMatchObject({ alive: false, findings: ['Redis has answered nothing for 30 s'] });
    health.answered();
    expect(health.look(true)).toEqual({ alive: true, ready: true, findings: [] });
  });

  test('ends when one queue is not asked for jobs any more, though Redis answers; a sleep on an empty queue is none', () => {
    const { time, health } = at();
    time.now = 1_000_000;
    health.answered();
    time.stuckMs = 41_000;
    expect(health.look(true)).toMatchObject({ alive: true });
    time.stuckMs = 41_001;
    const { alive, findings } = health.look(true);
    expect(alive).toBe(false);
    expect(findings).toEqual(['queue tasks has not been asked for jobs for 41 s, though there are free places']);
  });

  test('is not lost while the client makes another connection, however long; what a new one does not answer counts from its begin', () => {
    const { time, health } = at();
    time.reconnects = true;
    time.now = 90_000;
    time.stuckMs = 90_000;
    expect(health.look(false)).toEqual({
      alive: true,
      ready: false,
      findings: ['Redis does not answer at the moment'],
    });
    time.reconnects = false;
    health.connected();
    expect(health.look(true)).toEqual({ alive: true, ready: true, findings: [] });
    time.now += 30_001;
    expect(health.look(false)).toMatchObject({ alive: false, findings: ['Redis has answered nothing for 30 s'] });
  });

  test('is not asked of workers that have not begun, or that stop', () => {
    const { time, health } = at();
    health.set('stopping');
    time.now = 1_000_000;
    expect(health.look(false)).toMatchObject({ alive: true, ready: false });
    health.set('serving');
    expect(health.look(true)).toMatchObject({ ready: false, findings: ['the workers stop'] });
  });

  test('a worker whose clock is wrong is alive, and not ready', () => {
    const { health } = at();
    health.set('clock-is-wrong');
    expect(health.look(true)).toMatchObject({ alive: true, ready: false });
    health.set('serving');
    expect(health.look(true)).toMatchObject({ ready: true });
  });

  test('a bound below two questions to Redis would be red for want of one', () => {
    const health = createWorkerHealth({
      ...{ queues: [], stuckAfterMs: 1, askedEveryMs: 10_000 },
      reconnects: () => false,
      now: () => 19_999,
    });
    health.set('serving');
    expect(health.look(true)).toMatchObject({ alive: true });
  });
});
