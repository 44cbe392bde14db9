/** I6: the same key is one run and one effect; with another input it is refused. */
import type { Facts } from '../../facts.js';
import type { History, Submission } from './history.js';
import type { Verdict } from './verdict.js';

export function checkReplay(history: History, verdict: Verdict): void {
  checkSubmissions(history, verdict);
  checkKeys(history, verdict);
  for (const replay of history.replays ?? []) {
    const expected = replay.arguments === 'same' ? 'the first answer again' : 'a refusal';
    const holds = replay.refused === (replay.arguments === 'other');
    const found = replay.refused ? 'refused' : 'accepted';
    verdict.check('I6', undefined, holds, `${replay.key} with ${replay.arguments} arguments: ${expected}`, found);
  }
}

function checkSubmissions({ submissions }: History, verdict: Verdict): void {
  const byKey = new Map<string, Submission[]>();
  for (const submission of submissions) {
    if (submission.key === undefined) continue;
    const name = `${submission.workflow} ${submission.key}`;
    byKey.set(name, [...(byKey.get(name) ?? []), submission]);
  }
  for (const [name, same] of byKey) {
    const accepted = same.flatMap(({ answer, input }) => (answer.kind === 'accepted' ? [{ ...answer, input }] : []));
    const [first] = accepted;
    if (!first) continue;
    const ids = [...new Set(accepted.map(({ run }) => run))];
    verdict.check('I6', first.run, ids.length === 1, `one run under "${name}"`, ids.join(', '));
    const fresh = accepted.filter(({ duplicate }) => !duplicate).length;
    verdict.check('I6', first.run, fresh <= 1, `"${name}" accepted once, then known`, `accepted ${fresh} times`);
    const inputs = new Set(accepted.map(({ input }) => input)).size;
    verdict.check('I6', first.run, inputs === 1, `"${name}" refused with another input`, `${inputs} inputs accepted`);
    const conflicts = same.filter(({ answer }) => answer.kind === 'refused' && answer.code === 'KEY_CONFLICT');
    for (const { input } of conflicts) {
      const found = 'a conflict with the very input that was accepted';
      verdict.check('I6', first.run, input !== first.input, `"${name}" with the same input: the same run`, found);
    }
  }
}

/** Every row of a ledger stands under a key of a stage of its run; a key is one row, so a second row is a second key. */
function checkKeys({ ledger = [], runs }: History, verdict: Verdict): void {
  const rows = new Map<string, number>();
  for (const { key, books } of ledger) {
    const place = `${books} ${key}`;
    rows.set(place, (rows.get(place) ?? 0) + 1);
    const [run = '', stage = ''] = key.split('/');
    const facts = runs.get(run);
    const known = facts !== undefined && hasStage(facts, stage);
    verdict.check('I6', facts && run, known, `rows of ${books} only under keys of stages`, `a row under "${key}"`);
  }
  for (const [place, count] of rows) verdict.check('I6', undefined, count === 1, `one row under ${place}`, `${count}`);
}

function hasStage({ record, stages }: Facts, stage: string): boolean {
  return stages.has(stage) || record.intents.has(stage);
}
