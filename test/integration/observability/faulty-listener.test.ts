/** A listener with bugs, beside a saga that moves money: the run must be what it is without anybody listening. */
import { expect, test } from 'vitest';
import { createLogger } from '../../../src/adapters/logger.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { TelemetryListener } from '../../../src/telemetry.js';
import { useWorkingEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

const tools = { call: async () => ({ charged: true }), close: async () => {} };

const purchase = () => {
  const undone: string[] = [];
  const done: string[] = [];
  const undo = task('undo', () => undone.push('one'), { idempotent: true });
  const step = (name: string) =>
    task(
      name,
      async (_input, { tool }) => {
        done.push(name);
        return await tool('shop.charge', {});
      },
      { idempotent: true, attempts: 1 },
    );
  const saga = defineSaga({ name: 'purchase', input: anyInput })
    .step('one', step('one'), { with: () => ({}), undo: [undo, () => ({})] })
    .step('two', step('two'), { with: () => ({}) })
    .returns(() => 'sent');
  return { saga, done, undone };
};

const bug = (): never => {
  throw new Error('a bug in metrics');
};
const later = async () => bug();
/** Types forbid some of it; a listener in JavaScript has none. */
const faulty: Readonly<Record<string, object>> = {
  'throws as soon as it is told': { start: bug, job: bug, toolCall: bug, runEnded: bug, workerLost: bug },
  'throws around the work and at its end': watchedBy({ within: bug, end: bug }),
  'throws after the work': watchedBy({ within: (work: () => unknown) => [work(), bug()], end: bug }),
  'rejects later': {
    ...watchedBy({ within: async (work: () => unknown) => [await work(), await later()], end: later }),
    runEnded: later,
  },
  'never does the work, or does it twice': {
    ...watchedBy({ within: (work: () => unknown) => [work(), work()], end: () => {} }),
    toolCall: () => ({ within: () => undefined, end: () => {} }),
  },
  'answers with nothing to watch': watchedBy({}),
};

function watchedBy(watched: object) {
  return { start: () => watched, job: () => watched, toolCall: () => watched, runEnded: bug };
}

test.each(Object.entries(faulty))('a listener that %s', async (_what, listener) => {
  const { saga, done, undone } = purchase();
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('warn', { write: (line) => void lines.push(JSON.parse(line)) });
  const { sy } = await useWorkingEngine([saga], { tools, logger, telemetry: [listener as TelemetryListener] });
  const run = await sy.start(saga, {});
  const ended = await run.wait('10s');
  expect(ended).toMatchObject({ status: 'completed', output: 'sent' });
  expect(ended.timeline.map(({ attempts }) => attempts.length)).toEqual([1, 1]);
  expect([done, undone]).toEqual([['one', 'two'], []]);
  const told = lines.filter(({ msg }) => String(msg).includes('telemetry listener'));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ level: 50, reason: expect.any(String) });
});
