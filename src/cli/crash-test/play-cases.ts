/** From a workflow to its cases and their verdicts: undisturbed runs, the plan, batches side by side, the judgement. */
import { availableParallelism } from 'node:os';
import { SwitchyardError } from '../../errors.js';
import type { Logger } from '../../ports.js';
import type { Bench } from './bench.js';
import { type CountingRules, countEffects, isRead } from './count-effects.js';
import { undoArgsDiffer } from './diagnosis.js';
import { failed, type Verdict } from './findings.js';
import { type Evidence, judge, unanswered } from './judge.js';
import { type Case, planCases, turnableSteps, WHOLE_RUN } from './plan.js';
import type { CaseResult } from './report.js';
import { type RunCasesOptions, runBatch } from './run-cases.js';
import type { Subject } from './subject.js';

export interface PlayOptions {
  readonly bench: Bench;
  readonly subject: Subject;
  readonly only: readonly string[] | undefined;
  readonly limitMs: number;
  readonly log: Logger;
  readonly onProgress: (line: string) => void;
}

export interface Played {
  readonly cases: readonly CaseResult[];
  readonly counts: { readonly crashes: number; readonly workersKilled: number };
}

/** Runs whose crash is one SIGKILL. */
const BATCH = 16;
/** A batch is a killed worker with its servers, and what takes over: two keep two cores busy. */
const LANES = Math.max(1, Math.min(3, availableParallelism()));

const UNDISTURBED: Case = { step: WHOLE_RUN, name: 'undisturbed', stage: '', order: {} };
const TURNED_ROUND: Case = { ...UNDISTURBED, name: 'undo: undisturbed', order: { turnRound: true } };

export async function playCases(options: PlayOptions): Promise<Played> {
  const { bench, subject, only, onProgress } = options;
  const survivor = await bench.worker('survivor');
  const base: RunCasesOptions = { ...options, survivor, onEnded: () => undefined };
  onProgress('Running it undisturbed …');
  const firsts = turnableSteps(subject.workflow).length > 0 ? [UNDISTURBED, TURNED_ROUND] : [UNDISTURBED];
  const [forward, back] = await runBatch(firsts, base);
  if (!forward) throw new SwitchyardError('INTERNAL', 'the undisturbed run of the crash test is missing');
  const rules = rulesOf(options);
  const undisturbed = [
    resultOf(UNDISTURBED, forward, endsWell(forward, ['completed', 'partial'])),
    ...(back ? [resultOf(TURNED_ROUND, back, endsWell(back, ['compensated']))] : []),
  ];
  // What fails by itself says nothing under a crash.
  if (undisturbed[0]?.verdict === 'failed')
    return { cases: undisturbed.slice(0, 1), counts: { crashes: 0, workersKilled: 0 } };
  const usableBack = undisturbed[1]?.verdict === 'ok' ? back : undefined;
  const planned = planCases(subject.workflow, {
    forward: forward.record,
    back: usableBack?.record,
    onlyReads: (stage) => onlyReads(stage, [forward, ...(usableBack ? [usableBack] : [])], rules),
  });
  const cases = chosen(planned, only);
  const batches = batchesOf(cases);
  let ended = 0;
  const progress = () =>
    onProgress(`${ended} of ${cases.length} cases: killing workers, losing answers, repeating calls …`);
  const onEnded = () => {
    ended += 1;
    progress();
  };
  progress();
  const evidence = await inLanes(batches, (batch) => runBatch(batch, { ...base, onEnded }));
  const grounds = { definition: subject.workflow, rules: rulesOf(options), forward, back: usableBack };
  const judged = cases.map((of) => {
    const seen = evidence.get(of);
    if (!seen) throw new SwitchyardError('INTERNAL', `there is no evidence of case ${of.step}: ${of.name}`);
    return resultOf(of, seen, judge(of, seen, grounds));
  });
  return {
    cases: [...undisturbed, ...judged],
    counts: {
      crashes: cases.filter(({ killed }) => killed).length,
      workersKilled: batches.filter((batch) => batch.some(({ killed }) => killed)).length,
    },
  };
}

function rulesOf({ bench, subject }: PlayOptions): CountingRules {
  return { tools: bench.record.tools(), reads: new Set(subject.reads), ignore: new Set(subject.ignore) };
}

function endsWell(evidence: Evidence, wanted: readonly string[]): Verdict {
  const { run, settled, record } = evidence;
  const waiting = unanswered(evidence);
  if (waiting) return waiting;
  if (settled && wanted.includes(run.status)) return { result: run.status, verdict: 'ok' };
  const step = run.error?.step ?? WHOLE_RUN;
  const name = step.replace(/\.undo$/, '');
  const detail = `run ${run.id} is ${run.status}: ${run.error?.message ?? 'no error is recorded'}`;
  const differs = undoArgsDiffer(name, [{ record }]).length > 0 || /"undo" threw/.test(detail);
  return failed(run.status, differs ? 'UNDO_NEEDS_OUTPUT' : 'UNDISTURBED', { step: name, detail });
}

function onlyReads(stage: string, undisturbed: readonly Evidence[], rules: CountingRules): boolean {
  const calls = undisturbed.flatMap(({ record }) => record.calls.filter((call) => call.stage === stage));
  return calls.length > 0 && calls.every((call) => isRead(call, rules)) && countEffects(calls, rules).effects === 0;
}

function chosen(planned: readonly Case[], only: readonly string[] | undefined): readonly Case[] {
  if (!only) return planned;
  const known = [...new Set(planned.map(({ step }) => step))];
  const unknown = only.filter((step) => !known.includes(step));
  if (unknown.length > 0) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `--only names ${unknown.map((step) => `"${step}"`).join(', ')}; this run passes ${known.join(', ')}`,
    );
  }
  return planned.filter(({ step }) => only.includes(step));
}

/** Those that need a killed worker apart from those that do not, each in batches. */
function batchesOf(cases: readonly Case[]): readonly (readonly Case[])[] {
  const pages = (some: readonly Case[], size: number) =>
    Array.from({ length: Math.ceil(some.length / size) }, (_, at) => some.slice(at * size, (at + 1) * size));
  return [
    ...pages(
      cases.filter(({ killed }) => killed),
      BATCH,
    ),
    ...pages(
      cases.filter(({ killed }) => !killed),
      2 * BATCH,
    ),
  ];
}

async function inLanes(
  batches: readonly (readonly Case[])[],
  run: (batch: readonly Case[]) => Promise<readonly Evidence[]>,
): Promise<ReadonlyMap<Case, Evidence>> {
  const evidence = new Map<Case, Evidence>();
  const queue = [...batches];
  const lane = async (): Promise<void> => {
    for (let batch = queue.shift(); batch; batch = queue.shift()) {
      const seen = await run(batch);
      for (const [at, of] of batch.entries()) {
        const one = seen[at];
        if (one) evidence.set(of, one);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return evidence;
}

function resultOf({ step, name }: Case, { run }: Evidence, verdict: Verdict): CaseResult {
  return { step, case: name, run: run.id, status: run.status, ...verdict };
}
