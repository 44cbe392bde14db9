/** [P3] outside of sagas: branches and routes whose task does not say how it is safe to repeat. */
import { Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../../../src/adapters/redis.js';
import { SwitchyardError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { type TestEngine, useEngine, useWorkingEngine } from '../../support/engine.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, signal, task } from '../../support/workflows.js';

const lost = () => new SwitchyardError('TOOL_TIMEOUT', 'no answer', { answered: false });

function mailing(send: () => unknown, policy: { readonly idempotent?: true } = {}) {
  return defineFanOut({
    name: 'mailing',
    input: anyInput,
    branches: { mail: { run: task('mail', send, { attempts: 3, ...policy }), with: () => 0 } },
    aggregate: ({ mail }) => (mail.state === 'failed' ? mail.error.code : mail.state),
  });
}

test('[P3] a branch that declares nothing is not made again after a lost answer; a person who has found out retries it', async () => {
  let sent = 0;
  const flow = mailing(() => {
    sent += 1;
    if (sent === 1) throw lost();
    return 'sent';
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'failed', output: 'IN_DOUBT' });
  expect(sent).toBe(1);
  await run.retry({ reason: 'it was not sent' });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  expect(sent).toBe(2);
});

test('one that is declared idempotent is, and so is one that failed for certain', async () => {
  let sent = 0;
  const declared = mailing(
    () => {
      sent += 1;
      if (sent === 1) throw lost();
    },
    { idempotent: true },
  );
  const one = await useWorkingEngine([declared]);
  expect(await (await one.sy.start(declared, {})).wait('10s')).toMatchObject({ status: 'completed' });
  let tried = 0;
  const certain = mailing(() => {
    tried += 1;
    if (tried === 1) throw new Error('refused');
  });
  const two = await useWorkingEngine([certain]);
  expect(await (await two.sy.start(certain, {})).wait('10s')).toMatchObject({ status: 'completed' });
});

test('[P3] a worker that dies in the middle of an undeclared branch leaves it in doubt', async () => {
  let sent = 0;
  const flow = mailing(() => {
    sent += 1;
  });
  const engine = useEngine([flow]);
  const run = await engine.sy.start(flow, {});
  // As BullMQ leaves a job that was begun once, and whose worker was lost.
  await engine.redis.hset(`${engine.prefix}:tasks:${run.id}-mail`, 'stc', 1, 'ats', 1);
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'failed', output: 'IN_DOUBT' });
  expect(sent).toBe(0);
});

test.each<[how: string, lose: (engine: TestEngine, id: string) => Promise<unknown>]>([
  ['and somebody has noticed', ({ redis, prefix }, id) => redis.hset(`${prefix}:tasks:${id}`, 'stc', 1, 'ats', 1)],
  [
    'a moment ago',
    async ({ redis, prefix, url }, id) => {
      const connection = openRedis(url, 'worker', { log: silentLog });
      const doomed = new Worker('tasks', undefined, { connection, prefix, lockDuration: 50 });
      onTestFinished(async () => {
        await doomed.close(true);
        connection.disconnect();
      });
      await expect.poll(async () => (await doomed.getNextJob('doomed', { block: false }))?.id).toBe(id);
      await expect.poll(() => redis.exists(`${prefix}:tasks:${id}:lock`)).toBe(0);
    },
  ],
])(
  '[P3] a run that is cancelled while an undeclared branch has lost its worker, %s, ends with it in doubt',
  async (_how, lose) => {
    let sent = 0;
    const flow = mailing(() => {
      sent += 1;
    });
    const engine = useEngine([flow]);
    const run = await engine.sy.start(flow, {});
    await lose(engine, `${run.id}-mail`);
    await run.cancel();
    await engine.work({ stalledIntervalMs: 100 });
    expect(await run.wait('10s')).toMatchObject({
      status: 'cancelled',
      output: 'IN_DOUBT',
      timeline: [{ name: 'mail', state: 'failed', attempts: [{ error: { code: 'IN_DOUBT' } }] }],
    });
    expect(sent).toBe(0);
  },
);

test('[P3] a worker that stops cuts an undeclared branch short: the next one does not make it again', async () => {
  const [begun, never] = [signal(), signal()];
  let sent = 0;
  const flow = mailing(async () => {
    sent += 1;
    begun.happen();
    await never.happened;
  });
  const engine = useEngine([flow]);
  const first = await engine.work({ graceMs: 1 });
  const run = await engine.sy.start(flow, {});
  await begun.happened;
  await first.stop();
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'failed', output: 'IN_DOUBT' });
  expect(sent).toBe(1);
});

test('[P3] one that a deadline cut short is in doubt, not merely cancelled', async () => {
  const never = signal();
  const flow = defineFanOut({
    name: 'overdue',
    input: anyInput,
    deadline: '150ms',
    branches: { mail: { run: task('mail', () => never.happened), with: () => 0 } },
    aggregate: ({ mail }) => (mail.state === 'failed' ? mail.error.code : mail.state),
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    error: { code: 'DEADLINE_EXCEEDED' },
    output: 'IN_DOUBT',
  });
});
