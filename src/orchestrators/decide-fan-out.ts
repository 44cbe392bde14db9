/** Which branches a fan-out has, and what its root does when it wakes. Pure. */
import { MAX_BRANCHES } from '../config.js';
import { type ErrorRecord, SwitchyardError } from '../errors.js';
import type { Facts, StopCause } from '../facts.js';
import type { BranchResult, FailurePolicy, FanOutDefinition, ListFanOutDefinition } from './definition.js';
import type { Move, Stage } from './move.js';
import { type BranchCount, stopError, verdictOf } from './stopping.js';

export interface PlannedBranch extends Stage {
  readonly kind: 'branch';
  /** Why the run does without this branch. */
  readonly skipped?: string;
}

/** The branches of a run, in order. The same input gives the same plan, at the producer and at any worker. */
export function planBranches(
  definition: FanOutDefinition | ListFanOutDefinition,
  input: unknown,
): readonly PlannedBranch[] {
  if (definition.pattern === 'list') {
    const items = definition.split(input);
    if (items.length > MAX_BRANCHES) {
      throw new SwitchyardError(
        'INVALID_INPUT',
        `workflow "${definition.name}": the list has ${items.length} items; at most ${MAX_BRANCHES} fit in one run, split it into several`,
      );
    }
    return items.map((item, index) => ({ kind: 'branch', stage: `item.${index}`, input: item }));
  }
  return Object.entries(definition.branches).map(([stage, branch]) => {
    const wanted = branch.when?.(input) ?? true;
    return wanted === true
      ? { kind: 'branch', stage, input: branch.with(input) }
      : { kind: 'branch', stage, skipped: wanted };
  });
}

/**
 * One result per planned branch, in the plan's order. A branch that is neither done nor failed has none yet; in a run
 * that is to stop, one without a job will never have one, and counts as failed.
 */
function branchResult(branch: PlannedBranch, { stages, record }: Facts): BranchResult | undefined {
  if (branch.skipped !== undefined) return { state: 'skipped', reason: branch.skipped };
  const fact = stages.get(branch.stage);
  if (fact?.state === 'done') return { state: 'completed', output: fact.output };
  if (fact?.state === 'failed') return { state: 'failed', error: fact.error };
  if (fact) return undefined;
  return record.stop ? { state: 'failed', error: stopError(record.stop, branch.stage) } : undefined;
}

export function decideFanOut(
  { onFailure }: Pick<FanOutDefinition, 'onFailure'>,
  plan: readonly PlannedBranch[],
  facts: Facts,
): Move {
  const { stop } = facts.record;
  const wanted = plan.filter((branch) => branch.skipped === undefined);
  const count = countBranches(wanted, facts);
  const isPending = wanted.some((branch) => facts.stages.get(branch.stage)?.state === 'pending');
  const verdict = stop?.cause ?? verdictOf(onFailure, count);
  if (verdict === undefined) {
    const absent = wanted.filter((branch) => !facts.stages.has(branch.stage));
    if (absent.length > 0) return { kind: 'append', stages: absent };
    return isPending ? { kind: 'park' } : endOfAll(wanted, facts);
  }
  if (isPending && !stop) return { kind: 'stop', cause: verdict, ...firstFailure(wanted, facts, verdict) };
  if (isPending) return { kind: 'park' };
  switch (verdict) {
    case 'cancelled':
      return { kind: 'end', status: 'cancelled', ...(stop && { error: stopError(stop) }) };
    case 'branch_failed':
      return { kind: 'end', status: 'failed', ...errorOf(wanted, facts, stop?.stage) };
    case 'quorum':
      return quorumEnd(onFailure, count);
    case 'deadline': {
      if (count.completed === wanted.length) return { kind: 'end', status: 'completed' };
      return {
        kind: 'end',
        status: count.completed > 0 ? 'partial' : 'failed',
        ...(stop && { error: stopError(stop) }),
      };
    }
  }
}

function countBranches(wanted: readonly PlannedBranch[], facts: Facts): BranchCount {
  const states = wanted.map((branch) => facts.stages.get(branch.stage)?.state);
  return {
    planned: wanted.length,
    completed: states.filter((state) => state === 'done').length,
    failed: states.filter((state) => state === 'failed').length,
  };
}

/** The branch whose failure decided, to be kept with the stop. */
function firstFailure(wanted: readonly PlannedBranch[], facts: Facts, verdict: StopCause): { readonly stage?: string } {
  if (verdict !== 'branch_failed') return {};
  const failed = wanted.find((branch) => facts.stages.get(branch.stage)?.state === 'failed');
  return failed ? { stage: failed.stage } : {};
}

/** The failure that ended a fan-out of policy `fail`: the one that stopped it, or the first that is there. */
function errorOf(wanted: readonly PlannedBranch[], facts: Facts, stage: string | undefined): { error?: ErrorRecord } {
  for (const name of [stage, ...wanted.map((branch) => branch.stage)]) {
    const fact = name === undefined ? undefined : facts.stages.get(name);
    if (name !== undefined && fact?.state === 'failed') return { error: { ...fact.error, step: name } };
  }
  return {};
}

function quorumEnd(onFailure: FailurePolicy, { planned, completed, failed }: BranchCount): Move {
  const quorum = typeof onFailure === 'string' ? planned : onFailure.quorum;
  if (completed >= quorum) return { kind: 'end', status: 'completed' };
  const message = `${quorum} branches had to complete; of ${planned}, ${completed} did and ${failed} failed`;
  return { kind: 'end', status: 'failed', error: { code: 'QUORUM_NOT_MET', message, retryable: false } };
}

function endOfAll(wanted: readonly PlannedBranch[], facts: Facts): Move {
  const known = wanted.map((branch) => facts.stages.get(branch.stage));
  const failures = known.flatMap((fact) => (fact?.state === 'failed' ? [fact.error] : []));
  if (failures.length === 0) return { kind: 'end', status: 'completed' };
  if (failures.length < wanted.length) return { kind: 'end', status: 'partial' };
  return { kind: 'end', status: 'failed', error: allFailed(failures) };
}

function allFailed(errors: readonly ErrorRecord[]): ErrorRecord {
  const first = errors[0];
  return {
    code: 'ALL_BRANCHES_FAILED',
    message: `every branch failed (${errors.length}); the first: ${first ? `${first.code}: ${first.message}` : 'none ran'}`,
    retryable: false,
    ...(first?.step !== undefined && { step: first.step }),
  };
}

/** The results for the definition's `aggregate`, which runs only when every branch has one. */
export function collectBranches(
  plan: readonly PlannedBranch[],
  facts: Facts,
): readonly [stage: string, BranchResult][] {
  return plan.map((branch) => {
    const result = branchResult(branch, facts);
    if (!result)
      throw new SwitchyardError('INTERNAL', `branch "${branch.stage}" has no result, yet the run was to end`);
    return [branch.stage, result];
  });
}
