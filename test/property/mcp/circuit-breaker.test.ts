import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  admit,
  type BreakerState,
  type CallOutcome,
  CLOSED,
  fail,
  settle,
  type Ticket,
} from '../../../src/adapters/mcp/circuit-breaker.js';

const policies = fc.record({
  failures: fc.integer({ min: 1, max: 6 }),
  pauseMs: fc.integer({ min: 1, max: 1_000 }),
  successes: fc.integer({ min: 1, max: 4 }),
});

type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'ask' }
  | { readonly do: 'end'; readonly which: number; readonly outcome: CallOutcome }
  | { readonly do: 'miss-ping' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 600 }) }) },
    { weight: 4, arbitrary: fc.constant({ do: 'ask' as const }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        which: fc.nat(),
        outcome: fc.constantFrom<CallOutcome>('answered', 'lost', 'silent', 'unknown'),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'miss-ping' as const }) },
  ),
  { maxLength: 200 },
);

test('whatever happens in whatever order, the breaker keeps its rules', () => {
  fc.assert(
    fc.property(policies, steps, (policy, schedule) => {
      let state: BreakerState = CLOSED;
      let now = 0;
      let openedAt = Number.NEGATIVE_INFINITY;
      // A count of our own: everything that failed since the last answer, however it failed.
      let failedSinceAnswer = 0;
      const underWay: Ticket[] = [];
      const become = (next: BreakerState) => {
        if (next.phase === 'open' && state.phase !== 'open') {
          openedAt = now;
          if (state.phase === 'closed') expect(failedSinceAnswer).toBeGreaterThanOrEqual(policy.failures);
        }
        if (next.phase === 'closed' && state.phase !== 'closed') failedSinceAnswer = 0;
        state = next;
      };
      for (const step of schedule) {
        if (step.do === 'wait') now += step.ms;
        if (step.do === 'miss-ping') {
          failedSinceAnswer += 1;
          become(fail(state, policy, now));
        }
        if (step.do === 'ask') {
          const { state: next, admission } = admit(state, policy, now);
          become(next);
          if (admission.kind === 'admitted') underWay.push(admission.ticket);
          // Nobody is let through during a pause, and whoever is refused is told a time from which it pays to ask.
          if (now < openedAt + policy.pauseMs) expect(admission.kind).toBe('refused');
          if (admission.kind === 'refused') expect(admission.retryAfterMs).toBeGreaterThan(0);
          if (admission.kind === 'refused' && state.phase === 'open')
            expect(admit(state, policy, now + admission.retryAfterMs).admission.kind).toBe('admitted');
        }
        if (step.do === 'end' && underWay.length > 0) {
          const [ticket] = underWay.splice(step.which % underWay.length, 1) as [Ticket];
          const current = ticket.era === state.era;
          if (current && (step.outcome === 'lost' || step.outcome === 'silent')) failedSinceAnswer += 1;
          const next = settle(state, policy, ticket, step.outcome, now);
          become(next);
          if (current && step.outcome === 'answered' && next.phase === 'closed') failedSinceAnswer = 0;
          if (!current) expect(state).toBe(next);
        }
        if (state.phase === 'half-open') {
          const trials = underWay.filter(({ era }) => era === state.era);
          expect(state.trials).toBe(trials.length);
          expect(trials.length + state.successes).toBeLessThanOrEqual(policy.successes);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test('failures one after another always open it, and answers one after another always close it', () => {
  fc.assert(
    fc.property(policies, fc.nat({ max: 100 }), fc.constantFrom<CallOutcome>('lost', 'silent'), (policy, at, how) => {
      let state: BreakerState = CLOSED;
      let now = at;
      const call = (outcome: CallOutcome) => {
        const asked = admit(state, policy, now);
        if (asked.admission.kind === 'refused') throw new Error('refused');
        now += 1;
        state = settle(asked.state, policy, asked.admission.ticket, outcome, now);
      };
      for (let n = 0; n < policy.failures; n += 1) call(how);
      expect(state.phase).toBe('open');
      now += policy.pauseMs;
      for (let n = 0; n < policy.successes; n += 1) call('answered');
      expect(state.phase).toBe('closed');
    }),
  );
});
