import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Evidence, type Grounds, judge } from '../../../src/cli/crash-test/judge.js';
import type { Case } from '../../../src/cli/crash-test/plan.js';
import type { RunStatus } from '../../../src/facts.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { mcpTask } from '../../../src/task.js';

const definition = (attempts: number) =>
  defineSaga({ name: 'saga', input: z.object({}) })
    .step('pay', mcpTask('shop.pay', { key: 'id', attempts }), {
      with: () => ({}),
      undo: [mcpTask('shop.refund', { key: 'id' }), () => ({})],
    })
    .returns(() => null);

/** A run in which each of these stages ran, and made this many calls that were answered with the same. */
function evidence(status: RunStatus, calls: Readonly<Record<string, number>>, more: Partial<Evidence> = {}): Evidence {
  const stages = Object.entries(calls);
  return {
    run: { id: 'run', workflow: 'saga', status, input: {}, createdAt: 0, timeline: [] },
    record: {
      passed: [],
      ran: stages.map(([stage]) => ({ kind: 'ran', run: 'run', stage, attempt: 1 })),
      undoArgs: [],
      calls: stages.flatMap(([stage, times]) =>
        Array.from({ length: times }, (_, at) => ({
          ...{
            kind: 'call' as const,
            id: `${stage}${at}`,
            server: 'shop',
            tool: stage,
            run: 'run',
            stage,
            attempt: at + 1,
          },
          ...{ key: `run/${stage}/1`, args: { id: `run/${stage}/1` } },
          answer: { kind: 'answer' as const, id: stage, ms: 1, delivered: true, result: { content: [] } },
        })),
      ),
    },
    standing: new Map(),
    settled: true,
    missed: false,
    ...more,
  };
}

function grounds(attempts = 3): Grounds {
  return {
    definition: definition(attempts),
    rules: { tools: new Map(), reads: new Set(), ignore: new Set() },
    forward: evidence('completed', { pay: 1 }),
    back: evidence('compensated', { pay: 1, 'pay.undo': 1 }),
  };
}

const lost: Case = {
  step: 'pay',
  stage: 'pay',
  name: 'answer lost',
  order: { call: { stage: 'pay', fault: 'lose', timeoutMs: 1 } },
};
const undone: Case = { step: 'pay', stage: 'pay.undo', name: 'undo: after record', order: { turnRound: true } };

describe('the judgement', () => {
  it('passes a repeated call with the same key and the same answer', () => {
    expect(judge(lost, evidence('completed', { pay: 2 }), grounds())).toMatchObject({
      result: '1 effect',
      verdict: 'ok',
    });
  });

  it("believes the sandbox rather than the tool's words", () => {
    const seen = evidence('completed', { pay: 2 }, { standing: new Map([['pay', 2]]) });
    const asked = { ...grounds(), forward: evidence('completed', { pay: 1 }, { standing: new Map([['pay', 1]]) }) };
    expect(judge(lost, seen, asked)).toMatchObject({ result: '2 effects', finding: { code: 'KEY_IGNORED' } });
  });

  it.each([
    [1, 'not undone', 'UNDO_INCOMPLETE'],
    [-1, 'undone twice', 'UNDO_REPEATS'],
  ])('finds a run that says compensated while the sandbox says %i', (standing, result, code) => {
    const seen = evidence('compensated', { pay: 1, 'pay.undo': 1 }, { standing: new Map([['pay', standing]]) });
    expect(judge(undone, seen, grounds())).toMatchObject({ result, finding: { code } });
  });

  it('lets a task with one attempt be undone after a lost answer, and one with more not', () => {
    const seen = evidence('compensated', { pay: 1, 'pay.undo': 1 });
    expect(judge(lost, seen, grounds(1))).toMatchObject({ result: 'ends compensated', verdict: 'ok' });
    expect(judge(lost, seen, grounds(3))).toMatchObject({ finding: { code: 'REPEAT_REFUSED' } });
  });

  it('finds a step of another row that was doubled', () => {
    const seen = evidence('compensated', { pay: 1, 'pay.undo': 2 });
    const unlisted = new Map([['shop.pay.undo', { name: 'refund', inputSchema: { properties: {} } }]]);
    const strict = { ...grounds(), rules: { ...grounds().rules, tools: unlisted } };
    expect(judge(lost, seen, strict)).toMatchObject({ finding: { step: 'pay', code: 'UNDO_REPEATS' } });
  });

  it('says of a run that does not end, or never came to its point, that it does not', () => {
    expect(judge(lost, evidence('running', {}, { settled: false }), grounds())).toMatchObject({
      result: 'still running',
      finding: { code: 'NOT_ENDED' },
    });
    expect(judge(lost, evidence('completed', { pay: 1 }, { missed: true }), grounds())).toMatchObject({
      finding: { code: 'NOT_PASSED' },
    });
  });

  const late: Case = {
    step: 'pay',
    stage: 'pay',
    name: 'undo, then the late call arrives',
    order: { refuse: { stage: 'pay', fromAttempt: 2 }, call: { stage: 'pay', fault: 'held', timeoutMs: 1 } },
  };

  it('finds a late call that takes effect after its undo, by the words of its tool', () => {
    const seen = evidence('compensated', { pay: 1, 'pay.undo': 1 });
    expect(judge(late, seen, grounds())).toMatchObject({
      result: 'stands after its undo',
      finding: { code: 'LATE_EFFECT' },
    });
    expect(judge(late, evidence('compensated', { 'pay.undo': 1 }), grounds())).toMatchObject({ verdict: 'ok' });
  });

  it('takes a question past the pivot for one to a person, and no undo for what is wrong', () => {
    const error = { code: 'TOOL_FAILED', message: 'no', retryable: false, step: 'pay' } as const;
    const stuck = evidence('step_stuck', { pay: 1 });
    const seen = { ...stuck, run: { ...stuck.run, error } };
    expect(judge(lost, seen, grounds(1))).toMatchObject({ result: 'asks a person', verdict: 'ok' });
    expect(judge(lost, seen, grounds(3))).toMatchObject({ finding: { step: 'pay', code: 'REPEAT_REFUSED' } });
  });

  it('says which stage nobody answers', () => {
    const seen = evidence('waiting_approval', {}, { unanswered: 'ok' });
    expect(judge(lost, seen, grounds())).toMatchObject({ finding: { step: 'ok', code: 'NOT_ANSWERED' } });
  });
});
