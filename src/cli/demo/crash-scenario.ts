import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SwitchyardError } from '../../errors.js';
import { stageJobId } from '../../names.js';
import { order } from '../../workflows/index.js';
import { durationText } from '../render/duration.js';
import { readBooks } from './books.js';
import { carriedOut, orderRun, showBooks } from './order-scenarios.js';
import { type Scenario, unmet } from './scenario.js';
import { LAMPS, ORDERS } from './script.js';
import type { Stage } from './stage.js';

const STEP = 'charge_payment';
const POLL_MS = 25;
const CHARGE_LIMIT_MS = 10_000;

interface Killed {
  readonly pid: number;
  readonly at: number;
}

/** Waits until the money has moved, then kills the worker that is still waiting to hear of it. */
async function killInTheMiddle({ tools, queues, workers }: Stage, run: string): Promise<Killed> {
  const deadline = Date.now() + CHARGE_LIMIT_MS;
  while ((await readBooks(tools, run, LAMPS.sku)).charges === 0) {
    if (Date.now() > deadline) {
      throw new SwitchyardError('TIMEOUT', `run ${run}: nothing was charged within ${durationText(CHARGE_LIMIT_MS)}`);
    }
    await sleep(POLL_MS);
  }
  const step = order.steps.find(({ name }) => name === STEP);
  const job = await queues.get(step?.run.queue ?? '').getJob(stageJobId(run, STEP));
  const holder = workers.find(({ pid }) => job?.processedBy === `${hostname()}:${pid}`);
  if (!holder) throw new SwitchyardError('INTERNAL', `no worker of the demo holds ${STEP} of run ${run}`);
  await holder.kill();
  return { pid: holder.pid, at: Date.now() };
}

export const workerKilled: Scenario = {
  title: 'order: its worker is killed in the middle',
  story: `${ORDERS.crashed.customer.name}'s card is charged; before the worker can write that down, it is killed (SIGKILL).`,
  async play(stage, show) {
    const { sy, tools } = stage;
    const key = 'demo-crashed';
    const before = await readBooks(tools, orderRun(key), LAMPS.sku);
    const started = await sy.start(order, ORDERS.crashed, { key });
    let killed: Killed | undefined;
    const killing = killInTheMiddle(stage, started.id).then((done) => {
      killed = done;
    });
    const note = () =>
      killed ? [show.colors.red(`✗ worker ${killed.pid} was killed`) + show.colors.dim(' right after the charge')] : [];
    const [run] = await Promise.all([show.watch(started, note), killing]);
    const after = await readBooks(tools, run.id, LAMPS.sku);
    showBooks(show, before, after);
    const attempts = run.timeline.find(({ name }) => name === STEP)?.attempts.at(-1)?.n ?? 0;
    const recovery = (run.finishedAt ?? Date.now()) - (killed?.at ?? run.createdAt);
    return {
      runs: [run],
      complaints: unmet({
        'the run is completed': run.status === 'completed',
        'the charge was attempted again': attempts > 1,
        ...carriedOut(before, after, ORDERS.crashed.amountMinor),
      }),
      sentence: `A worker died right after the card was charged. ${durationText(recovery)} later the other one had finished the order: charged once, not twice, and nothing was forgotten.`,
    };
  },
};
