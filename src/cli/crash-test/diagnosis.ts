/** Why something went wrong, as far as the calls tell: it decides which remedy is named. Pure. */
import { type CountingRules, type EffectCount, keyArgument, toolName } from './count-effects.js';
import { failed, type Verdict } from './findings.js';
import { differingMembers } from './json-members.js';
import type { StageFacts } from './plan.js';
import type { RecordedCall, RunRecord, UndoArgsLine } from './record.js';

interface Recorded {
  readonly record: RunRecord;
}

/** More effects than there should be. */
export function moreEffects(
  facts: StageFacts,
  result: string,
  seen: { readonly evidence: Recorded; readonly counted: EffectCount; readonly rules: CountingRules },
): Verdict {
  const { counted, rules } = seen;
  const { step } = facts;
  const [first] = counted.calls;
  const detail = `${counted.calls.length} calls${first ? ` of ${toolName(first)}` : ''} had an effect each`;
  const changing = changingArguments(counted.calls);
  if (changing.length > 0) {
    const subject = changing.map((name) => `\`${name}\``).join(', ');
    return failed(result, 'KEY_CHANGES', {
      step,
      subject,
      detail: `${detail}, each with another ${changing.join(', ')}`,
    });
  }
  if (facts.isUndo) return failed(result, 'UNDO_REPEATS', { step, detail });
  if (facts.finds) return failed(result, 'FIND_MISSED', { step, detail });
  if (facts.safety === 'keyed') {
    const key = first && keyArgument(first, rules);
    const how = key?.listed === false ? `, which takes no argument \`${key.name}\`` : ', with the same key';
    return failed(result, 'KEY_IGNORED', { step, detail: detail + how });
  }
  const declared =
    facts.safety === 'idempotent'
      ? ', although the task is declared idempotent (if only a time in the answer differs, name it in `ignore`; or count by `effects`)'
      : '';
  return failed(result, 'NO_KEY', { step, detail: detail + declared });
}

/** Arguments that differ between calls of one tool, made by different attempts. */
function changingArguments(calls: readonly RecordedCall[]): readonly string[] {
  const [first, ...rest] = calls;
  if (!first) return [];
  const others = rest.filter((call) => toolName(call) === toolName(first) && call.attempt !== first.attempt);
  return [...new Set(others.flatMap((call) => differingMembers(first.args, call.args)))];
}

/** The run ended otherwise than undisturbed: perhaps since the tool would not have the call again. */
export function repeatRefused(of: {
  readonly step: string;
  readonly result: string;
  readonly detail: string;
  readonly evidence: Recorded;
  readonly rules: CountingRules;
}): Verdict {
  const { step, result, detail, evidence } = of;
  const changing = changingArguments(evidence.record.calls.filter(({ stage }) => stage === step));
  if (changing.length === 0) return failed(result, 'REPEAT_REFUSED', { step, detail });
  return failed(result, 'KEY_CHANGES', { step, detail, subject: changing.map((name) => `\`${name}\``).join(', ') });
}

/** An undo that failed for good. */
export function stuck(of: {
  readonly step: string;
  readonly message: string;
  readonly evidence: Recorded;
  readonly back: Recorded | undefined;
}): Verdict {
  const { step, message, evidence, back } = of;
  const differing = undoArgsDiffer(step, [evidence, back]);
  const code = differing.length > 0 ? 'UNDO_NEEDS_OUTPUT' : 'UNDO_REFUSED';
  return failed('not undone', code, { step, detail: message });
}

/** Members of a step's undo arguments that are others with its output than without it. */
export function undoArgsDiffer(step: string, records: readonly (Recorded | undefined)[]): readonly string[] {
  for (const known of records) {
    const lines = known?.record.undoArgs.filter((line) => line.step === step) ?? [];
    const byOutput = (withOutput: boolean): UndoArgsLine | undefined =>
      lines.findLast((line) => line.withOutput === withOutput);
    const [before, after] = [byOutput(false), byOutput(true)];
    if (before && after) return differingMembers(before.args, after.args);
  }
  return [];
}
