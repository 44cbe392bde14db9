/** What a case shows: its run's end and effects against those of runs that nothing disturbed. Pure. */
import { isOperatorStatus } from '../../facts.js';
import type { WorkflowDefinition } from '../../orchestrators/definition.js';
import { undoStage } from '../../orchestrators/move.js';
import type { RunDocument } from '../../orchestrators/timeline.js';
import { pivotOf } from './answers.js';
import { type CountingRules, countEffects, type EffectCount, outcomeOf } from './count-effects.js';
import { moreEffects, repeatRefused, stuck, undoArgsDiffer } from './diagnosis.js';
import { failed, type Verdict } from './findings.js';
import { type Case, factsOf, type StageFacts } from './plan.js';
import type { RunRecord } from './record.js';

/** Everything known about one run of the crash test. */
export interface Evidence {
  readonly run: RunDocument;
  readonly record: RunRecord;
  /** What the sandbox says of each step, where it was asked and could tell. */
  readonly standing: ReadonlyMap<string, number>;
  /** It has ended, or waits for a person. */
  readonly settled: boolean;
  /** The stage that it waits with, for an answer that nobody gives. */
  readonly unanswered?: string;
  /** Its worker was to be killed at a point that it never came to. */
  readonly missed: boolean;
}

export interface Grounds {
  readonly definition: WorkflowDefinition;
  readonly rules: CountingRules;
  readonly forward: Evidence;
  readonly back: Evidence | undefined;
}

export function judge(of: Case, evidence: Evidence, grounds: Grounds): Verdict {
  const { run, settled, missed } = evidence;
  const open = unanswered(evidence);
  if (open) return open;
  if (!settled) {
    return failed(`still ${run.status}`, 'NOT_ENDED', { step: of.step, detail: `run ${run.id} is ${run.status}` });
  }
  const waiting = waitsForPerson(of, evidence, grounds);
  if (waiting) return waiting;
  const { turnRound, refuse, reject } = of.order;
  const isBack = turnRound === true || refuse !== undefined || reject !== undefined;
  const wanted = isBack ? 'compensated' : grounds.forward.run.status;
  const stages = stagesToCount(of, evidence, grounds);
  const verdicts = stages.map((facts) => judgeStage(facts, of, evidence, grounds));
  const worst = verdicts.find(({ verdict }) => verdict === 'failed');
  if (worst) return worst;
  if (run.status !== wanted) {
    const honest = endsHonestly(of, run, grounds, wanted);
    return honest ?? endedOtherwise(of, evidence, grounds, wanted);
  }
  if (missed) {
    return failed('not reached', 'NOT_PASSED', {
      step: of.step,
      detail: `run ${run.id} ended ${run.status} before it`,
    });
  }
  const own = verdicts[stages.findIndex(({ stage }) => stage === of.stage)];
  return own ?? { result: of.submittedTwice ? '1 run' : run.status, verdict: 'ok' };
}

/** A question that the crash test has no answer to. */
export function unanswered({ run, unanswered: stage }: Evidence): Verdict | undefined {
  if (stage === undefined) return undefined;
  const detail = `run ${run.id} is ${run.status}: "${stage}" waits for an answer from outside`;
  return failed('not answered', 'NOT_ANSWERED', { step: stage, detail });
}

/** The case's own stage first, then all others of the run: a crash at one step must not double another. */
function stagesToCount(of: Case, { record }: Evidence, { definition, forward, back }: Grounds): readonly StageFacts[] {
  const records = [record, forward.record, ...(back ? [back.record] : [])];
  const names = [of.stage, ...records.flatMap(({ ran }) => ran.map(({ stage }) => stage))];
  return [...new Set(names)].flatMap((stage) => factsOf(definition, stage) ?? []);
}

function judgeStage(facts: StageFacts, of: Case, evidence: Evidence, grounds: Grounds): Verdict {
  if (facts.waits) return { result: 'answered', verdict: 'ok' };
  const isBack = evidence.run.status === 'compensated';
  if (facts.isUndo && !isBack) return { result: '', verdict: 'ok' };
  const reference = facts.isUndo || (isBack && grounds.back) ? (grounds.back ?? grounds.forward) : grounds.forward;
  const expected = countOf(facts.stage, reference, grounds);
  const counted = countOf(facts.stage, evidence, grounds);
  const refused = of.order.refuse?.stage === facts.stage && of.order.refuse.fromAttempt === 1;
  if (facts.isUndo) return judgeUndo(facts, of, evidence, grounds, { counted, expected });
  const isLate = of.order.call?.fault === 'held' && of.stage === facts.stage;
  if (isLate) {
    const late = judgeLate(facts, evidence, counted);
    if (late) return late;
  }
  if (isBack) return judgeTakenBack(facts, evidence, counted, refused ? nothing : expected, grounds, refused || isLate);
  const asked = evidence.standing.get(facts.step);
  const effects = asked ?? counted.effects;
  const wanted = asked === undefined ? expected.effects : (grounds.forward.standing.get(facts.step) ?? 1);
  if (effects > wanted) return moreEffects(facts, `${effects} effects`, { evidence, counted, rules: grounds.rules });
  if (effects < wanted) {
    const code = facts.finds ? 'FIND_INVENTED' : 'EFFECT_LOST';
    return failed(effectsText(effects), code, {
      step: facts.step,
      detail: `run ${evidence.run.id} is ${evidence.run.status}`,
    });
  }
  return asBefore(facts, { evidence, counted, asked, expected });
}

const nothing: EffectCount = { effects: 0, certain: true, calls: [] };

/** A call that its tool was given only when its effect had been undone: nothing of it may stand. */
function judgeLate({ step }: StageFacts, evidence: Evidence, counted: EffectCount): Verdict | undefined {
  const standing = evidence.standing.get(step);
  if ((standing ?? counted.effects) > 0) {
    const seen = standing === undefined ? 'its late call was answered well' : `\`effects\` says ${standing}`;
    const detail = `after the undo of run ${evidence.run.id} ${seen}`;
    return failed('stands after its undo', 'LATE_EFFECT', { step, detail });
  }
  return standing === undefined || standing === 0 ? { result: 'no effect', verdict: 'ok' } : undefined;
}

/** As many as in the undisturbed run; of code without a tool only the number of its runs is known. */
function asBefore(
  facts: StageFacts,
  seen: { evidence: Evidence; counted: EffectCount; asked: number | undefined; expected: EffectCount },
): Verdict {
  const { evidence, counted, asked, expected } = seen;
  const ran = evidence.record.ran.filter(({ stage }) => stage === facts.stage).length;
  const calls = evidence.record.calls.filter(({ stage }) => stage === facts.stage).length;
  if (asked !== undefined) return { result: effectsText(asked), verdict: 'ok', note: 'asked by `effects`' };
  if (calls === 0) {
    if (ran <= 1) return { result: ran === 1 ? 'ran once' : 'not run', verdict: 'ok' };
    if (facts.safety === 'unsafe') {
      return failed(`ran ${ran} times`, 'NO_KEY', {
        step: facts.step,
        detail: 'its code ran again after a crash, and nothing says that this is safe',
      });
    }
    const note = `its code is declared ${facts.safety}; export \`effects\` to have it proved`;
    return { result: `ran ${ran} times`, verdict: 'trusted', note };
  }
  if (expected.effects === 0) return { result: 'reads only', verdict: 'ok' };
  const result = effectsText(counted.effects);
  if (counted.certain) return { result, verdict: 'ok' };
  const note =
    'the same answer to each call, and its tool does not say that it is idempotent: export `effects` to have it proved';
  return { result, verdict: 'trusted', note };
}

/** A step of a run that was undone: it happened at most once, and nothing of it stands. */
function judgeTakenBack(
  facts: StageFacts,
  evidence: Evidence,
  counted: EffectCount,
  expected: EffectCount,
  grounds: Grounds,
  neverHappened: boolean,
): Verdict {
  const { definition, rules } = grounds;
  if (counted.effects > expected.effects) {
    return moreEffects(facts, `${counted.effects} effects`, { evidence, counted, rules });
  }
  const standing = evidence.standing.get(facts.step);
  const hasUndo = factsOf(definition, undoStage(facts.step)) !== undefined;
  if (hasUndo && standing !== undefined && standing !== 0) {
    const detail = `\`effects\` says ${standing} after run ${evidence.run.id} was compensated`;
    if (standing < 0 && neverHappened) {
      return failed('undone all the same', 'UNDO_OF_NOTHING', { step: facts.step, detail });
    }
    if (standing < 0) return failed('undone twice', 'UNDO_REPEATS', { step: facts.step, detail });
    const differing = undoArgsDiffer(facts.step, [evidence, grounds.back]);
    if (differing.length > 0) return failed('not undone', 'UNDO_NEEDS_OUTPUT', { step: facts.step, detail });
    return failed('not undone', 'UNDO_INCOMPLETE', { step: facts.step, detail });
  }
  return { result: effectsText(counted.effects), verdict: 'ok' };
}

function judgeUndo(
  facts: StageFacts,
  of: Case,
  evidence: Evidence,
  grounds: Grounds,
  { counted, expected }: { readonly counted: EffectCount; readonly expected: EffectCount },
): Verdict {
  const { step, stage } = facts;
  if (counted.effects > Math.max(1, expected.effects)) {
    return moreEffects(facts, `undone ${counted.effects} times`, { evidence, counted, rules: grounds.rules });
  }
  const standing = evidence.standing.get(step);
  const withoutOutput = of.stage === stage && of.order.refuse?.fromAttempt === 2;
  if (withoutOutput && standing === undefined) {
    const differing = undoArgsDiffer(step, [evidence, grounds.back]);
    if (differing.length > 0) {
      const detail = `without the step's output the undo was sent with another ${differing.join(', ')} than with it`;
      return failed('not undone', 'UNDO_NEEDS_OUTPUT', { step, detail });
    }
  }
  const ran = evidence.record.ran.filter((line) => line.stage === stage).length;
  const calls = evidence.record.calls.filter((line) => line.stage === stage);
  if (calls.length === 0 && ran > 1 && standing === undefined) {
    const note = `its code ran ${ran} times and is declared ${facts.safety}; export \`effects\` to have it proved`;
    return { result: 'undone', verdict: 'trusted', note };
  }
  if (calls.length > 0 && !calls.some((call) => outcomeOf(call) === 'answered')) {
    return failed('not undone', 'UNDO_REFUSED', { step, detail: `no call of ${stage} was answered well` });
  }
  if (counted.certain || standing !== undefined) return { result: 'undone', verdict: 'ok' };
  const note =
    'the same answer to each call, and its tool does not say that it is idempotent: export `effects` to have it proved';
  return { result: 'undone', verdict: 'trusted', note };
}

function countOf(stage: string, { record }: Evidence, { rules }: Grounds): EffectCount {
  return countEffects(
    record.calls.filter((call) => call.stage === stage),
    rules,
  );
}

/** A person is asked: as it should be for what is not declared, and as a finding for everything else. */
function waitsForPerson(of: Case, evidence: Evidence, grounds: Grounds): Verdict | undefined {
  const { definition, back, rules } = grounds;
  const { run } = evidence;
  const doubted = run.timeline.find(({ attempts }) => attempts.at(-1)?.error?.code === 'IN_DOUBT')?.name;
  const isLeft = doubted !== undefined && (run.status === 'failed' || run.status === 'partial');
  if (isLeft && factsOf(definition, doubted)?.safety === 'unsafe') {
    return {
      result: 'left in doubt',
      verdict: 'ok',
      note: 'neither key nor idempotent is declared: a person retries it',
    };
  }
  if (!isOperatorStatus(run.status)) return undefined;
  const about = run.error?.step ?? '';
  const facts = factsOf(definition, about);
  if (run.error?.code === 'IN_DOUBT' && facts?.safety === 'unsafe') {
    return { result: 'asks a person', verdict: 'ok', note: 'neither key, find nor idempotent is declared' };
  }
  const message = run.error?.message ?? run.status;
  if (run.status === 'compensation_stuck') return stuck({ step: facts?.step ?? about, message, evidence, back });
  if (run.status === 'in_doubt' && of.order.turnRound && about === pivotOf(definition)) {
    // Its worker died before it could say that the pivot had refused.
    return { result: 'asks a person', verdict: 'ok', note: 'whether the pivot has happened is not known' };
  }
  if (of.order.call?.stage === about && facts?.attempts === 1) {
    const note = 'one attempt is all that its task has, and a saga does not turn round past its pivot';
    return { result: 'asks a person', verdict: 'ok', note };
  }
  const detail = `run ${run.id} is ${run.status}: ${message}`;
  return repeatRefused({ step: facts?.step ?? of.step, result: 'asks a person', detail, evidence, rules });
}

/** Another end than undisturbed that is no mistake: it says itself what is missing, or it took everything back. */
function endsHonestly(of: Case, run: RunDocument, { definition }: Grounds, wanted: string): Verdict | undefined {
  const result = `ends ${run.status}`;
  if (wanted === 'completed' && run.status === 'partial') return { result, verdict: 'ok', note: 'the rest is kept' };
  const isOnlyAttempt = of.order.call !== undefined && factsOf(definition, of.stage)?.attempts === 1;
  if (!isOnlyAttempt || (run.status !== 'compensated' && run.status !== 'failed')) return undefined;
  return { result, verdict: 'ok', note: 'one attempt is all that its task has' };
}

function endedOtherwise(of: Case, evidence: Evidence, grounds: Grounds, wanted: string): Verdict {
  const { run } = evidence;
  const step = run.error?.step ?? of.step;
  const detail = `run ${run.id} ended ${run.status} instead of ${wanted}: ${run.error?.message ?? 'no error is recorded'}`;
  return repeatRefused({ step, result: `ends ${run.status}`, detail, evidence, rules: grounds.rules });
}

export function effectsText(effects: number): string {
  if (effects === 0) return 'no effect';
  return effects === 1 ? '1 effect' : `${effects} effects`;
}
