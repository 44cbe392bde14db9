/**
 * What a run's root does each time it wakes: reads the facts, asks the reducer, carries out the move, and either sleeps
 * again or ends. It may be repeated from any point: every move is recorded once, or appended once.
 */
import { MAX_CRASHES, OUTPUTS_PAGE } from '../config.js';
import { type ErrorRecord, SwitchyardError, toSwitchyardError } from '../errors.js';
import type { Facts, RunOutcome, RunRecord } from '../facts.js';
import { conclude, notUndone } from '../orchestrators/conclude.js';
import { decide } from '../orchestrators/decide.js';
import { classify as classifyInput } from '../orchestrators/decide-router.js';
import { isPastPivot, ROOT_STAGE } from '../orchestrators/decide-saga.js';
import type { Classification, WorkflowDefinition } from '../orchestrators/definition.js';
import { endNews } from '../orchestrators/end-news.js';
import { attentionStage, type Move } from '../orchestrators/move.js';
import { waitsForAnswer } from '../orchestrators/waits.js';
import { parseJob, RootJob, runOfLaterVersion } from '../schema.js';
import {
  type ActiveJob,
  type Handled,
  type JobHandler,
  leaveToOthers,
  type ProcessorDependencies,
  putBack,
  withoutRun,
} from './job.js';
import { recallEnds } from './recall.js';

/** Decisions in a row, each on facts that the one before has changed; more are a move that is refused again and again. */
const MAX_ROUNDS = 20;

type EndMove = Extract<Move, { kind: 'end' }>;

export function createRootHandler(deps: ProcessorDependencies): JobHandler {
  return async (job) => {
    try {
      const later = runOfLaterVersion(job.data);
      if (later !== undefined) return await leaveToOthers(deps, job, later);
      const { run, workflow, version } = parseJob(RootJob, job.data, job.id);
      const definition = deps.definition(workflow, version);
      if (!definition) return await leaveToOthers(deps, job, run);
      const held = await deps.holdBack(workflow, run, job.fence);
      return held.kind === 'go-on' ? await wake(deps, job, definition, run) : held;
    } catch (thrown) {
      const error = toSwitchyardError(thrown);
      if (error.code === 'INVALID_JOB') return { kind: 'failed', error, final: true, delayMs: 0 };
      // A root that failed would be a run that is lost: whatever else it is, it is tried again until it is mended.
      job.log.error({ code: error.code }, error.message);
      return putBack(job);
    }
  };
}

async function wake(
  deps: ProcessorDependencies,
  job: ActiveJob,
  definition: WorkflowDefinition,
  run: string,
): Promise<Handled> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const read = await deps.log.read(run);
    if (read?.record.outcome) return ended(read.record.outcome, read);
    const facts = read && (await recallEnds(deps.log, job.fence, definition, read));
    if (!facts) throw withoutRun(job, run);
    if ('kind' in facts) return facts;
    const handled =
      job.crashes > MAX_CRASHES
        ? await afterCrashes(deps, job, definition, facts)
        : await carryOut(deps, job, definition, facts, nextMove(definition, facts));
    if (handled !== 'again') return handled;
  }
  deps.logger.error({ run, job: job.id }, 'the root of this run decides the same again and again; it is put back');
  return putBack(job);
}

/** The reducer's move; a definition whose own functions throw while deciding ends the run. */
function nextMove(definition: WorkflowDefinition, facts: Facts): Move {
  try {
    return decide(definition, facts);
  } catch (thrown) {
    return { kind: 'end', status: 'failed', error: definitionsFault(definition, thrown) };
  }
}

/**
 * A root that has lost its worker too often: a function of its definition ends or hangs the process. None of them is called
 * again. A saga is turned round, or brought to the end of its way back, by the reducer, which calls none either.
 */
async function afterCrashes(
  deps: ProcessorDependencies,
  job: ActiveJob,
  definition: WorkflowDefinition,
  facts: Facts,
): Promise<Handled | 'again'> {
  const { id: run, answeredFor, failedAttempts, phase } = facts.record;
  const error: ErrorRecord = {
    code: 'CRASH_LOOP',
    message: `run ${run} lost its worker ${job.crashes} times while its root was at work; what its definition does there is not tried again. Look in the worker's log for what ended it`,
    retryable: false,
  };
  if (definition.pattern !== 'saga') return await recordEnd(deps, job, facts, { status: 'failed', error });
  const own = failedAttempts.get(ROOT_STAGE)?.at(-1)?.n ?? 0;
  if (phase === undefined && own <= (answeredFor.get(ROOT_STAGE) ?? 0))
    return await recordOwnFailure(deps, job, facts, error);
  const move = decide(definition, facts);
  if (move.kind !== 'end') return await carryOut(deps, job, definition, facts, move);
  const outcome = { status: move.status, error: move.error ?? error, ...notUndone(definition, facts, move.status) };
  return await recordEnd(deps, job, facts, outcome);
}

async function carryOut(
  deps: ProcessorDependencies,
  job: ActiveJob,
  definition: WorkflowDefinition,
  facts: Facts,
  move: Move,
): Promise<Handled | 'again'> {
  const { id: run } = facts.record;
  switch (move.kind) {
    case 'park':
      return { kind: 'park' };
    case 'classify':
      return await classify(deps, job, definition, facts);
    case 'append': {
      const appended = await deps.append(definition, facts, job.fence, move.stages, move.phase);
      if (appended.kind === 'fenced-off') return appended;
      if (appended.kind === 'appended') return { kind: 'park' };
      if (appended.kind === 'stopped' || appended.kind === 'ended') return 'again';
      // A saga's stages are made without functions of its definition: it would be cut off halfway by a mistake of ours.
      if (definition.pattern === 'saga' && !move.stages.some((stage) => waitsForAnswer(definition, stage))) {
        throw appended.error;
      }
      return await unplannable(deps, job, definition, facts, appended.error);
    }
    case 'stop': {
      const at = deps.clock.now();
      const request = { cause: move.cause, at, ...(move.stage !== undefined && { stage: move.stage }) };
      const stopped = await deps.stop(run, request, job.fence);
      return stopped.kind === 'fenced-off' ? stopped : 'again';
    }
    case 'ask': {
      const question = { kind: 'attention' as const, stage: attentionStage(move.about) };
      const appended = await deps.append(definition, facts, job.fence, [question], move.status);
      if (appended.kind === 'unplannable') throw appended.error;
      if (appended.kind === 'stopped' || appended.kind === 'ended') return 'again';
      if (appended.kind === 'fenced-off') return appended;
      job.log.warn({ status: move.status, about: move.about }, 'the run waits for a person');
      return { kind: 'park' };
    }
    case 'end':
      return await end(deps, job, definition, facts, move);
  }
}

async function classify(
  deps: ProcessorDependencies,
  job: ActiveJob,
  definition: WorkflowDefinition,
  facts: Facts,
): Promise<Handled | 'again'> {
  if (definition.pattern !== 'router')
    throw new SwitchyardError('INTERNAL', `workflow "${definition.name}" is no router`);
  let decision: Classification;
  try {
    decision = classifyInput(definition, facts.record.input);
  } catch (thrown) {
    const error = definitionsFault(definition, thrown);
    return await end(deps, job, definition, facts, { kind: 'end', status: 'failed', error });
  }
  const decided = await deps.log.decideOnce(facts.record.id, job.fence, decision);
  if (decided.kind === 'fenced-off') return decided;
  const now = { ...facts, record: { ...facts.record, decision: decided.decision } };
  return await carryOut(deps, job, definition, now, nextMove(definition, now));
}

/** The definition's own function threw while making a stage: a saga turns round by it, any other run ends. */
async function unplannable(
  deps: ProcessorDependencies,
  job: ActiveJob,
  definition: WorkflowDefinition,
  facts: Facts,
  thrown: SwitchyardError,
): Promise<Handled | 'again'> {
  const error = definitionsFault(definition, thrown);
  if (definition.pattern === 'saga') return await recordOwnFailure(deps, job, facts, error);
  return await end(deps, job, definition, facts, { kind: 'end', status: 'failed', error });
}

/** A failure of the root's own, by which the reducer turns a saga round. */
async function recordOwnFailure(
  deps: ProcessorDependencies,
  job: ActiveJob,
  { record }: Facts,
  error: ErrorRecord,
): Promise<Handled | 'again'> {
  const attempt = { n: nextOwnAttempt(record), startedAt: job.startedAt, finishedAt: deps.clock.now(), error };
  const recorded = await deps.log.recordFailedAttempt(record.id, job.fence, ROOT_STAGE, attempt);
  return recorded.kind === 'fenced-off' ? recorded : 'again';
}

/** Not the job's own count: a root that was added again begins that anew, and the first record of a number stands. */
function nextOwnAttempt({ failedAttempts }: RunRecord): number {
  return (failedAttempts.get(ROOT_STAGE)?.at(-1)?.n ?? 0) + 1;
}

async function end(
  deps: ProcessorDependencies,
  job: ActiveJob,
  definition: WorkflowDefinition,
  decidedOn: Facts,
  move: EndMove,
): Promise<Handled | 'again'> {
  const now = deps.clock.now();
  const { id: run } = decidedOn.record;
  // Of a very wide run the decision saw the states alone; what its branches returned is read for its last word.
  const facts = decidedOn.stages.size > OUTPUTS_PAGE ? await deps.log.read(run, { outputs: 'all' }) : decidedOn;
  if (!facts) throw withoutRun(job, run);
  let outcome: Omit<RunOutcome, 'finishedAt'>;
  try {
    const last = facts === decidedOn ? move : lastMove(decide(definition, facts), move);
    outcome = conclude(definition, facts, last, now);
  } catch (thrown) {
    const error = definitionsFault(definition, thrown);
    // Its effects have happened, and nobody will get a result: the reducer turns the saga round.
    if (definition.pattern === 'saga' && move.status === 'completed' && !isPastPivot(definition, facts.record)) {
      return await recordOwnFailure(deps, job, facts, error);
    }
    const status = move.status === 'compensated' || move.status === 'cancelled' ? move.status : 'failed';
    outcome = { status, error: move.error ?? error, ...notUndone(definition, facts, status) };
  }
  return await recordEnd(deps, job, facts, outcome);
}

/** The same decision, now that the errors can be told. */
function lastMove(move: Move, decided: EndMove): EndMove {
  return move.kind === 'end' ? move : decided;
}

async function recordEnd(
  deps: ProcessorDependencies,
  job: ActiveJob,
  facts: Facts,
  outcome: Omit<RunOutcome, 'finishedAt'>,
): Promise<Handled> {
  const finishedAt = deps.clock.now();
  const { id: run, workflow, version } = facts.record;
  const last: RunOutcome = { ...outcome, finishedAt };
  const news = endNews(deps.definition(workflow, version), facts.record, last);
  const recorded = await deps.log.end(run, job.fence, last, news);
  if (recorded.kind === 'fenced-off') return recorded;
  // An outcome that stood already was told by the attempt that recorded it.
  if (recorded.outcome.finishedAt === finishedAt) tellEnd(deps, facts.record, recorded.outcome);
  return ended(recorded.outcome, facts);
}

function tellEnd(deps: ProcessorDependencies, record: RunRecord, { status, error, finishedAt }: RunOutcome): void {
  const { id: run, workflow, createdAt, trace } = record;
  deps.telemetry.runEnded({ run, workflow, status, error, createdAt, finishedAt, trace });
}

/**
 * The outcome is in the run's log; the job itself says only how it ended, for whoever looks at it in Bull Board. A run
 * that ended while children were pending sleeps until they are gone: BullMQ refuses to complete their parent.
 */
function ended(outcome: RunOutcome, facts: Facts): Handled {
  const pending = [...facts.stages.values()].some((fact) => fact.state === 'pending');
  return pending ? { kind: 'park' } : { kind: 'completed', value: { status: outcome.status } };
}

function definitionsFault(definition: WorkflowDefinition, thrown: unknown): ErrorRecord {
  const error = toSwitchyardError(thrown);
  if (error.code !== 'TASK_FAILED') return error.toJSON();
  return {
    code: 'INVALID_DEFINITION',
    message: `workflow "${definition.name}": a function of its definition threw: ${error.message}`,
    retryable: false,
  };
}
