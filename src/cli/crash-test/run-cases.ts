/**
 * Carries cases out. Each is a run of its own; runs of one batch share a prefix, a worker that is killed, and one that takes
 * over. The worker is killed when each of its runs stands at the point ordered for it, so that one SIGKILL is the crash of all.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { switchyard } from '../../engine/engine.js';
import { SwitchyardError } from '../../errors.js';
import { isSettledStatus } from '../../facts.js';
import { effectKey, newRunId } from '../../names.js';
import type { RunDocument } from '../../orchestrators/timeline.js';
import type { Logger } from '../../ports.js';
import type { Run } from '../../queues/run-handle.js';
import { type Answering, createAnswering } from './answering.js';
import type { Bench } from './bench.js';
import type { Evidence } from './judge.js';
import { type Case, factsOf } from './plan.js';
import type { RunRecord } from './record.js';
import type { Subject } from './subject.js';
import type { WorkerProcess } from './worker-process.js';

export interface RunCasesOptions {
  readonly bench: Bench;
  readonly subject: Subject;
  /** Takes over what the killed ones leave. */
  readonly survivor: WorkerProcess;
  /** For a run to come to its point, and for it to end. */
  readonly limitMs: number;
  readonly log: Logger;
  readonly onEnded: (of: Case) => void;
}

const POLL_MS = 20;
/** A call under way when all runs stand still belongs to a branch of no interest: it may end, but not for long. */
const QUIET_MS = 1_000;
/** Longer than a proxy holds a call back. */
const LATE_MS = 15_000;

let keys = 0;

/** The evidence of each case, in their order. */
export async function runBatch(cases: readonly Case[], options: RunCasesOptions): Promise<readonly Evidence[]> {
  const { bench, subject, survivor, limitMs, log } = options;
  const prefix = bench.prefix();
  const named = cases.map((of) => {
    keys += 1;
    const key = `crash-test-${process.pid}-${keys}`;
    return { of, key, id: newRunId(subject.workflow.name, key, 0) };
  });
  const orders = Object.fromEntries(named.map(({ of, id }) => [id, of.order]));
  const sy = switchyard({ connection: bench.redisUrl, prefix, workflows: [subject.workflow], logger: log });
  const answering = createAnswering({ subject, redisUrl: bench.redisUrl, prefix, log });
  const start = (key: string): Promise<Run> => sy.start(subject.workflow.name, subject.input, { key });
  try {
    const victim = cases.some(({ killed }) => killed) ? await bench.worker('victim') : undefined;
    if (victim) await victim.serve(prefix, orders);
    else await survivor.serve(prefix, orders);
    const runs = await Promise.all(
      named.map(async ({ of, key }) => {
        const [run] = await Promise.all(of.submittedTwice ? [start(key), start(key)] : [start(key)]);
        return run;
      }),
    );
    const missed = victim ? await untilAllStand(named, runs, { bench, answering, limitMs }) : new Set<string>();
    if (victim) {
      await bench.kill(victim);
      await survivor.serve(prefix, orders);
    }
    const evidence = await Promise.all(
      named.map(async ({ of, id }, at) => {
        const started = runs[at];
        if (!started) throw new SwitchyardError('INTERNAL', `run ${id} of the crash test was not started`);
        const { run: settled, ...waits } = await answering.settled(started, of.order, limitMs);
        const record = await completeRecord(bench, id, of);
        options.onEnded(of);
        const standing = await askSandbox(settled, record, options);
        const isSettled = isSettledStatus(settled.status);
        return { run: settled, record: { ...record }, standing, settled: isSettled, missed: missed.has(id), ...waits };
      }),
    );
    await survivor.release(prefix);
    return evidence;
  } finally {
    answering.close();
    await sy.close();
  }
}

interface NamedCase {
  readonly of: Case;
  readonly id: string;
}

/** Resolves when each run is held at its point, or has ended without coming to it; returns those that never came. */
async function untilAllStand(
  named: readonly NamedCase[],
  runs: readonly (Run | undefined)[],
  { bench, answering, limitMs }: Pick<RunCasesOptions, 'bench' | 'limitMs'> & { readonly answering: Answering },
): Promise<ReadonlySet<string>> {
  const ended = new Set<string>();
  for (const [at, { id, of }] of named.entries()) {
    const run = runs[at];
    // A wait that ends with its Switchyard says nothing about the run.
    if (run) {
      answering.settled(run, of.order, limitMs).then(
        () => ended.add(id),
        () => undefined,
      );
    }
  }
  const stands = ({ of, id }: NamedCase): boolean => {
    const { passed, calls } = bench.record.run(id);
    if (of.killed === 'while-answering') return calls.some(({ answer }) => answer?.delivered === false);
    // The end may be known here before the worker has written down that it passed it: it is killed after it either way.
    const isAfterEnd = of.order.kill?.moment === 'end' && of.order.kill.when === 'after';
    return passed.some(({ held }) => held) || (isAfterEnd && ended.has(id));
  };
  const giveUpAt = Date.now() + limitMs;
  while (!named.every((one) => stands(one) || ended.has(one.id)) && Date.now() < giveUpAt) await delay(POLL_MS);
  const quietBy = Date.now() + QUIET_MS;
  const isQuiet = () => named.every(({ id }) => bench.record.run(id).calls.every(({ answer }) => answer));
  while (!isQuiet() && Date.now() < quietBy) await delay(POLL_MS);
  return new Set(named.filter((one) => !stands(one)).map(({ id }) => id));
}

/** A call that is to be late may still be on its way when its run has ended; one of a killed worker is answered nobody. */
async function completeRecord(bench: Bench, id: string, { killed, order }: Case): Promise<RunRecord> {
  // Its undo has been answered, whatever came of it.
  if (order.call?.fault === 'held') {
    for (const call of bench.record.run(id).calls.filter(({ answer }) => !answer)) await bench.deliver(call);
  }
  const giveUpAt = Date.now() + LATE_MS;
  const isComplete = () => killed || bench.record.run(id).calls.every(({ answer }) => answer);
  while (!isComplete() && Date.now() < giveUpAt) await delay(POLL_MS);
  return bench.record.run(id);
}

async function askSandbox(
  run: RunDocument,
  record: RunRecord,
  { bench, subject, limitMs }: RunCasesOptions,
): Promise<ReadonlyMap<string, number>> {
  const { effects, workflow, input } = subject;
  if (!effects) return new Map();
  // By way of its undo too: a step that never ran may have been undone.
  const steps = new Set(record.ran.flatMap(({ stage }) => factsOf(workflow, stage)?.step ?? []));
  const answers = await Promise.all(
    [...steps].map(async (step) => {
      const answer = await effects({
        step,
        run: run.id,
        key: effectKey(run.id, step, 1),
        input,
        call: (capability, args) => bench.tools.call(capability, args, { timeoutMs: limitMs, safeToRepeat: true }),
      });
      return [step, typeof answer === 'object' ? answer.length : answer] as const;
    }),
  );
  return new Map(answers.flatMap(([step, count]) => (count === undefined ? [] : [[step, count]])));
}
