/**
 * Workflows whose runs a released version of Switchyard leaves behind in every state that there is, for a later one to
 * finish. Both define them, each with its own functions: what is asked is whether the later reads what the earlier wrote.
 *
 * Work in queue `early` is done by the recorded version, work in queue `late` is left to the version under test.
 */
import { z } from 'zod';
import type * as switchyard from '../../../src/index.js';
import type { TaskContext } from '../../../src/index.js';

export type Api = Pick<
  typeof switchyard,
  | 'defineTask'
  | 'defineFanOut'
  | 'defineRouter'
  | 'defineSaga'
  | 'PermanentError'
  | 'RetryAfterError'
  | 'SwitchyardError'
>;

export interface Effect {
  readonly run: string;
  readonly stage: string;
  readonly key: string;
}

/** How long the failed first attempt of `retrying` asks to be left alone: long enough to be recorded as it waits. */
export const RETRY_AFTER_MS = 3_000;

/**
 * @param happen writes an effect down, outside of Switchyard
 * @param hang whether `hanging` never ends: its worker is about to be killed
 */
export function upgradeWorkflows(api: Api, happen: (effect: Effect) => Promise<unknown>, hang: boolean) {
  const { defineTask, defineFanOut, defineRouter, defineSaga, PermanentError, RetryAfterError, SwitchyardError } = api;
  const input = z.object({});
  const effect = (name: string, queue: string, first: (context: TaskContext) => void | Promise<void> = () => {}) =>
    defineTask({
      name,
      queue,
      input: z.unknown(),
      output: z.unknown(),
      key: true,
      backoff: { initial: 1, jitter: 0 },
      run: async (_args, context) => {
        await first(context);
        await happen({ run: context.run, stage: context.stage, key: context.key });
        return `${context.stage} done`;
      },
    });
  const refuse = ({ stage }: TaskContext) => {
    throw new PermanentError(`${stage} is refused`);
  };
  const [early, late] = [effect('early', 'early'), effect('late', 'late')];
  const undoes = ({ key }: { readonly key: string }) => ({ undoes: key });
  const none = () => ({});

  const brief = defineFanOut({
    name: 'brief',
    input,
    branches: { fast: { run: early, with: none }, slow: { run: late, with: none } },
    aggregate: ({ fast, slow }) => [fast.state, slow.state],
  });
  const desk = defineRouter({
    name: 'desk',
    input: z.object({ route: z.enum(['early', 'late']), urgent: z.boolean() }),
    classify: ({ route }) => ({ route, priority: 'HIGH', evidence: { route } }),
    routes: { early: { run: early, with: none }, late: { run: late, with: none } },
    escalation: { to: late, when: ({ input: asked }) => asked.urgent && 'urgent', with: none },
    returns: ({ path, result, escalation }) => ({ path, result, escalation }),
  });
  const trip = defineSaga({ name: 'trip', input })
    .step('one', early, { with: none, undo: [early, undoes] })
    .step('two', late, { with: none, undo: [early, undoes] })
    .returns((done) => Object.keys(done));
  const short = defineSaga({ name: 'short', input })
    .step('one', early, { with: none })
    .returns((done) => Object.keys(done));
  const doomed = defineSaga({ name: 'doomed', input })
    .step('one', early, { with: none, undo: [late, undoes] })
    .step('two', early, { with: none, undo: [early, undoes] })
    .step('three', effect('refused', 'early', refuse), { with: none })
    .returns((_done, { undone }) => undone);
  const stuck = defineSaga({ name: 'stuck', input })
    .step('one', early, { with: none, undo: [effect('unable', 'early', refuse), undoes] })
    .step('two', effect('refused-too', 'early', refuse), { with: none })
    .returns(() => null);
  const doubtful = defineSaga({ name: 'doubtful', input })
    .step(
      'one',
      defineTask({
        name: 'unsafe',
        queue: 'early',
        input: z.unknown(),
        output: z.unknown(),
        run: () => {
          throw new SwitchyardError('TOOL_TIMEOUT', 'no answer', { answered: false });
        },
      }),
      { with: none },
    )
    .returns(() => null);
  const retrying = defineSaga({ name: 'retrying', input })
    .step(
      'one',
      effect('second-time', 'retry', ({ attempt }) => {
        if (attempt === 1) throw new RetryAfterError('not yet', RETRY_AFTER_MS);
      }),
      { with: none },
    )
    .returns((done) => Object.keys(done));
  const hanging = defineSaga({ name: 'hanging', input })
    .step(
      'one',
      effect('hangs', 'hang', () => (hang ? new Promise(() => {}) : undefined)),
      { with: none, undo: [early, undoes] },
    )
    .returns((done) => Object.keys(done));
  const all = [brief, desk, trip, short, doomed, stuck, doubtful, retrying, hanging];
  return { brief, desk, trip, short, doomed, stuck, doubtful, retrying, hanging, all };
}
