/** Which branches a fan-out has, and what its root does when it wakes. Pure. */
import { MAX_BRANCHES } from '../config.js';
import { type ErrorRecord, SwitchyardError } from '../errors.js';
import type { Facts } from '../ports.js';
import type { BranchResult, FanOutDefinition, ListFanOutDefinition } from './definition.js';
import type { Move, Stage } from './move.js';

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

/** One result per planned branch, in the plan's order. A branch that is neither done nor failed has none yet. */
function branchResult(branch: PlannedBranch, facts: Facts): BranchResult | undefined {
  if (branch.skipped !== undefined) return { state: 'skipped', reason: branch.skipped };
  const fact = facts.stages.get(branch.stage);
  if (fact?.state === 'done') return { state: 'completed', output: fact.output };
  if (fact?.state === 'failed') return { state: 'failed', error: fact.error };
  return undefined;
}

export function decideFanOut(plan: readonly PlannedBranch[], facts: Facts): Move {
  const absent = plan.filter((branch) => branch.skipped === undefined && !facts.stages.has(branch.stage));
  if (absent.length > 0) return { kind: 'append', stages: absent };
  const results = plan.map((branch) => branchResult(branch, facts));
  if (results.includes(undefined)) return { kind: 'park' };
  const failures = results.filter((result) => result?.state === 'failed');
  if (failures.length === 0) return { kind: 'end', status: 'completed' };
  if (results.some((result) => result?.state === 'completed')) return { kind: 'end', status: 'partial' };
  return { kind: 'end', status: 'failed', error: allFailed(failures.map((failure) => failure.error)) };
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
