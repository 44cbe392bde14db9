/**
 * Whether the newest runs kept the promises, by the same checker as the tests: as far as the runs' own records can tell. The
 * books of the services are looked through by `switchyard orphans`.
 */
import type { Registry } from '../../engine/registry.js';
import type { Facts } from '../../facts.js';
import { checkHistory } from '../../orchestrators/invariants/check.js';
import { INVARIANTS, MEANINGS, type Submission } from '../../orchestrators/invariants/history.js';
import { violationText } from '../../orchestrators/invariants/verdict.js';
import { type Finding, finding, ok } from './finding.js';

const SHOWN = 10;

export function promiseFindings(runs: readonly Facts[], registry: Registry): readonly Finding[] {
  const judged = runs.filter(isJudged);
  const { violations, checked } = checkHistory({
    submissions: judged.map(submissionOf),
    runs: new Map(judged.map((facts) => [facts.record.id, facts])),
    definition: registry.find,
    // Nobody has told what this Redis has been through.
    mayHaveForgotten: true,
    setAside: new Map(judged.map(({ record }) => [record.id, new Set(record.outcome?.notUndone)])),
  });
  const looked = INVARIANTS.filter((id) => checked[id] > 0);
  const comparisons = looked.reduce((sum, id) => sum + checked[id], 0);
  const newest = `the newest ${runs.length} runs (${judged.length} that have ended by themselves; ${comparisons} comparisons of ${looked.join(', ') || 'nothing'})`;
  if (violations.length === 0) return [ok('promises', `kept by ${newest}`)];
  return violations
    .slice(0, SHOWN)
    .map((violation) =>
      finding(
        'error',
        'promises',
        `Broken, of ${newest}: ${violationText(violation)}. It promises: ${MEANINGS[violation.invariant]}.`,
        `Look at it (\`switchyard show ${violation.run ?? '<id>'} --json\`): a job that was removed by hand looks like this, and else it is a defect of Switchyard that we want to know of.`,
      ),
    );
}

/**
 * Not those that have not ended; nor those that were stopped, whose branches may be missing by right, or run again, whose
 * earlier end is written over.
 */
function isJudged({ record }: Facts): boolean {
  return record.outcome !== undefined && !record.stop && record.words.every(({ command }) => command !== 'retry');
}

/** The journal of a client that nobody kept: the record itself says that the run was accepted. */
function submissionOf({ record }: Facts): Submission {
  return {
    workflow: record.workflow,
    input: record.inputHash,
    at: record.createdAt,
    answer: { kind: 'accepted', run: record.id, duplicate: false },
    ...(record.key !== undefined && { key: record.key }),
  };
}
