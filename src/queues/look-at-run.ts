/**
 * Looking at a run at a cost that does not grow with it: its summary, a page of its timeline, its progress, what one stage
 * returned. A saga or router is small and read whole; of a fan-out only what is shown is read, so that one of ten thousand
 * branches costs as many commands of Redis as one of three.
 */
import { OUTPUTS_PAGE, TIMELINE_PAGE } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { Facts, RunRecord, RunStatus } from '../facts.js';
import { type RedisKeys, stageJobId } from '../names.js';
import { type PlannedBranch, planBranches } from '../orchestrators/decide-fan-out.js';
import { tasksOf, type WorkflowDefinition } from '../orchestrators/definition.js';
import { type RunProgress, WIDE } from '../orchestrators/run-events.js';
import { foreignStage, kindOfStage, taskOf } from '../orchestrators/stage-task.js';
import { describeRun, type RunSummary, statusOf, summarizeRun } from '../orchestrators/timeline.js';
import {
  branchEntry,
  type PageOptions,
  pageOf,
  type StageCounts,
  type StageState,
  type TimelinePage,
} from '../orchestrators/timeline-page.js';
import type { ReadOptions, RunHead, RunLog, RunView, StageStates, StagesRead } from '../ports.js';
import { unknownRun } from './said.js';

export interface LookDependencies {
  readonly log: RunLog;
  readonly view: RunView;
  readonly keys: RedisKeys;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
}

export type RunLook = ReturnType<typeof createRunLook>;

/** Attempts beyond its task's that a stage may have had: put-backs and lost workers count as starts. */
const FURTHER_ATTEMPTS = 3;

/** What a run was given, or what came out of it or of one of its stages. */
export type PayloadOf =
  | { readonly of: 'input' }
  | { readonly of: 'output' }
  | { readonly of: 'stage'; readonly stage: string };

interface Fan {
  readonly definition: WorkflowDefinition;
  readonly plan: readonly PlannedBranch[];
  /** Queues of its branches that workers serve. */
  readonly queues: readonly string[];
  /** Runs stand for some of its branches: those sleep while these are under way. */
  readonly nests: boolean;
}

export function createRunLook({ log, view, keys, definition: find }: LookDependencies) {
  async function headOf(run: string): Promise<RunHead> {
    const head = await view.head(run);
    if (head) return head;
    throw unknownRun(run);
  }

  async function factsOf(run: string, { outputs }: Pick<ReadOptions, 'outputs'> = { outputs: 'all' }): Promise<Facts> {
    const facts = await log.read(run, { starts: true, ...(outputs && { outputs }) });
    if (facts) return facts;
    throw unknownRun(run);
  }

  /** The plan of a fan-out that can be read page by page. One of others' jobs is read whole: what they return is not of our form. */
  function fanOf({ record }: RunHead): Fan | undefined {
    const definition = find(record.workflow, record.version);
    if (definition?.pattern !== 'fan-out' && definition?.pattern !== 'list') return undefined;
    try {
      const tasks = tasksOf(definition);
      if (tasks.some((task) => task.foreign)) return undefined;
      const queues = tasks.flatMap((task) => (task.waits ? [] : [task.queue]));
      const plan = planBranches(definition, record.input);
      return { definition, plan, queues: [...new Set(queues)], nests: tasks.some((task) => task.runs) };
    } catch {
      // A plan that throws has ended its run as failed; that run must still be readable.
      return undefined;
    }
  }

  function readBranches(
    run: string,
    fan: Fan,
    record: RunRecord,
    branches: readonly PlannedBranch[],
  ): Promise<StagesRead> {
    const children = branches.map(({ kind, stage }) => {
      const { queue, attempts } = taskOf(fan.definition, { kind, stage });
      return {
        stage,
        key: keys.job(queue, stageJobId(run, stage)),
        // One that was retried has gone on counting.
        attempts: record.words.length > 0 ? Number.POSITIVE_INFINITY : attempts + FURTHER_ATTEMPTS,
      };
    });
    return view.stages(run, { children, queues: fan.queues });
  }

  /** The places in the plan that a page may show, from `after` on. */
  function places(
    { plan }: Fan,
    { after = 0, state }: PageOptions,
    states: StageStates | undefined,
  ): readonly number[] {
    const all = plan.map((_branch, index) => index).slice(after);
    if (state === undefined) return all;
    return all.filter((index) => {
      const branch = plan[index];
      if (branch?.skipped !== undefined) return state === 'skipped';
      return branch !== undefined && states !== undefined && stateIn(states, branch.stage) === state;
    });
  }

  async function pageOfFan(run: string, head: RunHead, fan: Fan, options: PageOptions & { readonly limit: number }) {
    const { limit, state } = options;
    const bySearch = state !== undefined && state !== 'skipped' && limit > 0;
    const states = bySearch || fan.nests ? await view.states(run, fan.queues) : undefined;
    const wanted = limit === 0 ? [] : places(fan, options, states);
    const shown = wanted.slice(0, limit);
    const branches = shown.flatMap((index) => fan.plan[index] ?? []);
    const asked = branches.filter((branch) => branch.skipped === undefined);
    const read = await readBranches(run, fan, head.record, asked);
    // Where results are very large fewer were looked at, and the next page begins with the first that was not.
    const cut = asked[read.looked]?.stage;
    const entries = shown.flatMap((index) => {
      const branch = fan.plan[index];
      return branch ? [{ index, ...branchEntry(branch, head.record, read) }] : [];
    });
    const end = cut === undefined ? entries.length : entries.findIndex(({ name }) => name === cut);
    const next = wanted[end];
    const page: TimelinePage = {
      total: fan.plan.length,
      counts: countsOf(head, fan, read, states),
      startedAt: head.record.createdAt,
      finishedAt: head.record.outcome?.finishedAt ?? null,
      // One that has moved on between the two looks is on another page by now.
      entries: entries.slice(0, end).filter((entry) => state === undefined || entry.state === state),
      ...(next !== undefined && limit > 0 && { next }),
    };
    return { page, read };
  }

  async function page(run: string, options: PageOptions = {}): Promise<TimelinePage> {
    const limit = Math.min(Math.max(0, Math.trunc(options.limit ?? TIMELINE_PAGE.default)), TIMELINE_PAGE.max);
    const head = await headOf(run);
    const fan = fanOf(head);
    if (fan) return (await pageOfFan(run, head, fan, { ...options, limit })).page;
    const facts = await factsOf(run);
    const { timeline } = describeRun(find(facts.record.workflow, facts.record.version), facts);
    return pageOf(facts.record, timeline, { ...options, limit });
  }

  return {
    page,

    async summary(run: string): Promise<RunSummary> {
      const head = await headOf(run);
      const fan = fanOf(head);
      const definition = find(head.record.workflow, head.record.version);
      // What it asks stands with its stages; what these returned is not read.
      if (!fan || head.record.phase !== undefined) return summarizeRun(definition, await factsOf(run, {}));
      const { read } = await pageOfFan(run, head, fan, { limit: 0 });
      return summarizeRun(definition, { record: head.record, stages: new Map() }, statusOfFan(head, read));
    },

    /** How a run stands, for whoever watches it: of a wide one in numbers alone. */
    async progress(run: string): Promise<RunProgress> {
      const head = await headOf(run);
      const fan = fanOf(head);
      const { id } = head.record;
      if (!fan) {
        const facts = await factsOf(run, {});
        const { timeline, ...summary } = describeRun(find(facts.record.workflow, facts.record.version), facts);
        // Of more stages than that nothing but their states was read.
        const limit = timeline.length > Math.min(WIDE, OUTPUTS_PAGE) ? 0 : WIDE;
        return { id, status: summary.status, page: pageOf(facts.record, timeline, { limit }) };
      }
      const limit = fan.plan.length > WIDE ? 0 : WIDE;
      const { page: shown, read } = await pageOfFan(run, head, fan, { limit });
      return { id, status: statusOfFan(head, read), page: shown };
    },

    /** Undefined where nothing is recorded. @throws SwitchyardError UNKNOWN_RUN; INVALID_INPUT for a stage that is none */
    async payload(run: string, what: PayloadOf): Promise<unknown> {
      const { record } = await headOf(run);
      if (what.of !== 'stage') return what.of === 'input' ? record.input : record.outcome?.output;
      const { stage } = what;
      const definition = find(record.workflow, record.version);
      if (!definition) return undefined;
      const key = keys.job(queueOf(definition, stage), stageJobId(run, stage));
      if (foreignStage(definition, stage)) {
        const fact = (await factsOf(run)).stages.get(stage);
        return fact?.state === 'done' ? fact.output : undefined;
      }
      return await view.output(run, { stage, key });
    },
  };
}

function stateIn({ completed, failed, active, nested }: StageStates, stage: string): StageState {
  if (completed.has(stage)) return 'completed';
  if (failed.has(stage)) return 'failed';
  return active.has(stage) || nested.has(stage) ? 'running' : 'waiting';
}

function statusOfFan({ record, completed, failed }: RunHead, { active }: StagesRead): RunStatus {
  const status = statusOf({ record, stages: new Map() });
  const begun = completed + failed + active.size > 0;
  return status === 'queued' && begun ? 'running' : status;
}

/** By the sizes of BullMQ's own sets; what is in none of them waits, or sleeps while a run stands for it. */
function countsOf(head: RunHead, { plan }: Fan, { active }: StagesRead, states: StageStates | undefined): StageCounts {
  const skipped = plan.filter((branch) => branch.skipped !== undefined).length;
  const { completed, failed } = head;
  const sleeping = [...(states?.nested ?? [])].filter(
    (stage) => !active.has(stage) && states && stateIn(states, stage) === 'running',
  );
  const running = active.size + sleeping.length;
  return {
    waiting: Math.max(0, plan.length - skipped - completed - failed - running),
    running,
    completed,
    failed,
    skipped,
  };
}

function queueOf(definition: WorkflowDefinition, stage: string): string {
  try {
    return taskOf(definition, { kind: kindOfStage(definition, stage), stage }).queue;
  } catch (cause) {
    throw new SwitchyardError('INVALID_INPUT', `workflow "${definition.name}" has no stage "${stage}"`, { cause });
  }
}
