import { expect, test } from 'vitest';
import {
  admit,
  type BreakerState,
  type CallOutcome,
  CLOSED,
  fail,
  settle,
  type Ticket,
  TRIAL_RETRY_MS,
} from '../../../src/adapters/mcp/circuit-breaker.js';

const policy = { failures: 5, pauseMs: 60_000, successes: 3 };

/** A breaker in the hands of one caller, with a clock of its own. */
class Driven {
  state: BreakerState = CLOSED;
  now = 0;

  ask(): Ticket | number {
    const { state, admission } = admit(this.state, policy, this.now);
    this.state = state;
    return admission.kind === 'admitted' ? admission.ticket : admission.retryAfterMs;
  }

  enter(): Ticket {
    const ticket = this.ask();
    if (typeof ticket === 'number') throw new Error(`refused for ${ticket} ms`);
    return ticket;
  }

  end(ticket: Ticket, outcome: CallOutcome): void {
    this.state = settle(this.state, policy, ticket, outcome, this.now);
  }

  /** One call after another. */
  calls(...outcomes: readonly CallOutcome[]): this {
    for (const outcome of outcomes) {
      const ticket = this.enter();
      this.now += 1;
      this.end(ticket, outcome);
    }
    return this;
  }
}

const lost = (n: number): CallOutcome[] => Array(n).fill('lost');

test('closed → open: after five failures in a row, for a minute', () => {
  const breaker = new Driven().calls(...lost(4));
  expect(breaker.state).toMatchObject({ phase: 'closed', failures: 4 });
  breaker.calls('silent');
  expect(breaker.state).toMatchObject({ phase: 'open', until: breaker.now + 60_000 });
  breaker.now += 20_000;
  expect(breaker.ask()).toBe(40_000);
});

test('closed: an answer in between starts the count anew, a call that says nothing does not', () => {
  expect(new Driven().calls(...lost(4), 'answered', ...lost(4)).state.phase).toBe('closed');
  expect(new Driven().calls(...lost(4), 'unknown', 'lost').state.phase).toBe('open');
});

test('closed: calls that lose their connection together are one failure, calls that wait in vain are one each', () => {
  const torn = new Driven();
  const together = Array.from({ length: 10 }, () => torn.enter());
  for (const ticket of together) {
    torn.now += 1;
    torn.end(ticket, 'lost');
  }
  expect(torn.state).toMatchObject({ phase: 'closed', failures: 1 });

  const silent = new Driven();
  const waiting = Array.from({ length: 5 }, () => silent.enter());
  for (const ticket of waiting) {
    silent.now += 1;
    silent.end(ticket, 'silent');
  }
  expect(silent.state.phase).toBe('open');
});

test('open → half-open: when the pause is over, as many calls at once as successes are missing', () => {
  const breaker = new Driven().calls(...lost(5));
  breaker.now += 60_000;
  const trials = [breaker.enter(), breaker.enter(), breaker.enter()];
  expect(trials.every(({ trial }) => trial)).toBe(true);
  expect(breaker.ask()).toBe(TRIAL_RETRY_MS);
  breaker.end(trials[0] as Ticket, 'answered');
  expect(breaker.ask()).toBe(TRIAL_RETRY_MS);
  breaker.end(trials[1] as Ticket, 'unknown');
  expect(breaker.ask()).toMatchObject({ trial: true });
});

test('half-open → closed: after three answers', () => {
  const breaker = new Driven().calls(...lost(5));
  breaker.now += 60_000;
  breaker.calls('answered', 'answered');
  expect(breaker.state.phase).toBe('half-open');
  breaker.calls('answered');
  expect(breaker.state).toMatchObject({ phase: 'closed', failures: 0 });
});

test('half-open → open: at the first failure, for another minute', () => {
  const breaker = new Driven().calls(...lost(5));
  breaker.now += 60_000;
  breaker.calls('answered', 'answered', 'silent');
  expect(breaker.state).toMatchObject({ phase: 'open', until: breaker.now + 60_000 });
});

test('what was let through in another era changes nothing', () => {
  const breaker = new Driven();
  const late = breaker.enter();
  breaker.calls(...lost(5));
  breaker.end(late, 'answered');
  expect(breaker.state.phase).toBe('open');
  breaker.now += 60_000;
  const trial = breaker.enter();
  breaker.end(late, 'lost');
  breaker.end(late, 'answered');
  expect(breaker.state).toMatchObject({ phase: 'half-open', successes: 0, trials: 1 });
  breaker.end(trial, 'answered');
  expect(breaker.state).toMatchObject({ successes: 1, trials: 0 });
});

test('a ping without an answer counts like a call, and prolongs no pause', () => {
  let state: BreakerState = CLOSED;
  for (let n = 0; n < 5; n += 1) state = fail(state, policy, 7);
  expect(state).toMatchObject({ phase: 'open', until: 60_007 });
  expect(fail(state, policy, 30_000)).toBe(state);
});
