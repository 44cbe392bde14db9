/**
 * Erasing a run: everything that Redis has of it, for good, and of the runs that have stood for its stages. Whatever may
 * refuse is asked before anything goes: a run that stays must not have lost the runs inside it. Then each is marked, so that
 * none is begun anew meanwhile; its jobs go first, page by page, its record last, so that an erasure that broke off can be
 * asked for again. What lies elsewhere (backups, logs, services) is not reached.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ERASE_PAGE } from '../config.js';
import { type ErrorRecord, SwitchyardError, toSwitchyardError } from '../errors.js';
import { ATTENTION_QUEUE, CALLBACKS_QUEUE, parseRunId, type RedisKeys, RUNS_QUEUE, SIGNALS_QUEUE } from '../names.js';
import type { RunIndex, RunLog, ScriptRunner } from '../ports.js';
import { addingScript, ownScript, withDropRun } from './bullmq-scripts.js';
import { listAll } from './list-all.js';
import { illegal, kindOf, unknownRun } from './said.js';

const MARK_ERASING = ownScript('mark-erasing');
const ERASE_JOBS = addingScript('erase-jobs');
const ERASE_EVENTS = ownScript('erase-events');
const ERASE_RECORD = withDropRun(ownScript('erase-record'));

/** A run that has just ended has its root with a worker for some milliseconds more. */
const BUSY = { tries: 100, pauseMs: 50 } as const;

export interface EraseDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly log: Pick<RunLog, 'read'>;
}

/**
 * @throws SwitchyardError UNKNOWN_RUN; ILLEGAL_STATE when it has not ended, or stands for a stage of a run that has not, or a
 *   worker has a job of it still; REDIS_UNAVAILABLE
 */
export async function eraseRun(deps: EraseDependencies, run: string): Promise<void> {
  const all = await withThoseInside(deps, run);
  // From the outside in: each finds that the run which it stands for a stage of has ended.
  for (const one of all) await mark(deps, one);
  for (const one of all.slice(1).reverse()) {
    await eraseOne(deps, one).catch((thrown: unknown) => {
      if (toSwitchyardError(thrown).code !== 'UNKNOWN_RUN') throw thrown;
    });
  }
  await eraseOne(deps, run);
}

/** The run, then those that have stood for its stages, however deep. @throws SwitchyardError ILLEGAL_STATE */
async function withThoseInside(deps: EraseDependencies, run: string): Promise<readonly string[]> {
  const record = (await deps.log.read(run))?.record;
  if (record && !record.outcome) throw notEnded(run);
  const inside = [...(record?.nested?.values() ?? [])].flatMap(({ run: last, earlier = [] }) => [...earlier, last]);
  const deeper: string[] = [];
  for (const one of inside) deeper.push(...(await withThoseInside(deps, one)));
  return [run, ...deeper];
}

async function mark({ scripts, keys }: EraseDependencies, run: string): Promise<void> {
  const reply = await scripts.run(MARK_ERASING, [keys.log(run)], [keys.log('')]);
  const [kind, parent]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (kind === 'not-ended') throw notEnded(run);
  if (kind === 'needed') {
    throw illegal(run, `stands for a stage of run ${String(parent)}, which has not ended: erase that, once it has`);
  }
}

async function eraseOne({ scripts, keys }: EraseDependencies, run: string): Promise<void> {
  const queues = new Set(
    [RUNS_QUEUE, ATTENTION_QUEUE, SIGNALS_QUEUE, CALLBACKS_QUEUE].map((queue) => keys.job(queue, '')),
  );
  let busy = 0;
  for (;;) {
    const reply: unknown = await scripts.run(ERASE_JOBS, [keys.log(run), keys.root(run)], [run, ERASE_PAGE]);
    const [kind, ...seen]: readonly unknown[] = Array.isArray(reply) ? reply : [];
    if (kind === 'unknown') throw unknownRun(run);
    if (kind === 'not-ended') throw notEnded(run);
    if (kind === 'busy') {
      busy += 1;
      if (busy > BUSY.tries) throw illegal(run, 'has ended, and a worker still has a job of it: erase it again later');
      await delay(BUSY.pauseMs);
      continue;
    }
    if (kind !== 'erased' && kind !== 'more') {
      throw new SwitchyardError('INTERNAL', `script ${ERASE_JOBS.name} replied ${JSON.stringify(reply)}`);
    }
    for (const queue of seen) queues.add(String(queue));
    if (kind === 'erased') break;
  }
  const streams = [...queues].map((queue) => `${queue}events`);
  await scripts.run(ERASE_EVENTS, streams, [run]);
  const workflow = parseRunId(run)?.workflow ?? '*';
  const reply = await scripts.run(
    ERASE_RECORD,
    [keys.log(run), keys.stopping],
    [run, keys.indexBase, keys.log(''), workflow],
  );
  if (kindOf(reply) === 'not-ended') throw notEnded(run);
}

function notEnded(run: string): SwitchyardError {
  return illegal(run, `has not ended: cancel it first (switchyard cancel ${run} --wait), then erase it`);
}

/** What became of one run of several that were to be erased. */
export interface Erased {
  readonly run: string;
  readonly erased: boolean;
  /** Why it was not. */
  readonly error?: ErrorRecord;
}

/**
 * Erases every run with a tag, newest first, and tells of each; one that is refused stops nothing. Safe to repeat.
 * @throws SwitchyardError INVALID_INPUT for a tag that is none; REDIS_UNAVAILABLE
 */
export async function* eraseTagged(
  deps: EraseDependencies & { readonly index: RunIndex },
  tag: string,
): AsyncGenerator<Erased> {
  for await (const { id: run } of listAll(deps.index, { tag })) {
    try {
      await eraseRun(deps, run);
      yield { run, erased: true };
    } catch (thrown) {
      const error = toSwitchyardError(thrown);
      if (error.code === 'REDIS_UNAVAILABLE') throw error;
      // Its retention was over in the meantime, or somebody else has erased it.
      if (error.code !== 'UNKNOWN_RUN') yield { run, erased: false, error: error.toJSON() };
    }
  }
}
