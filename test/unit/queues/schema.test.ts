import { expect, test } from 'vitest';
import { parseJob, RootJob, StageJob, StageResult, TimerJob } from '../../../src/schema.js';

const root = { v: 2, run: 'flow-0-t1', workflow: 'flow', version: 1 };
const stage = { ...root, kind: 'step', stage: 'pay' };

test('jobs of our own making are taken', () => {
  expect(parseJob(RootJob, root, 'j')).toEqual(root);
  expect(parseJob(StageJob, { ...stage, input: { any: ['thing'] } }, 'j')).toEqual({
    ...stage,
    input: { any: ['thing'] },
    after: 0,
  });
  expect(parseJob(TimerJob, { ...root, kind: 'timer', timer: 'deadline' }, 'j')).toMatchObject({ timer: 'deadline' });
});

test('jobs of the version before are taken', () => {
  expect(parseJob(StageJob, { ...stage, v: 1 }, 'j')).toEqual({ ...stage, v: 1, after: 0 });
});

test.each<[title: string, data: unknown, path: string]>([
  ['nothing', undefined, ''],
  ['a text', 'run', ''],
  ['another version of the envelope', { ...stage, v: 3 }, 'v'],
  ['no run', { ...stage, run: '' }, 'run'],
  ['a run that is a number', { ...stage, run: 5 }, 'run'],
  ['an unknown kind', { ...stage, kind: 'root' }, 'kind'],
  ['a stage beyond all length', { ...stage, stage: 'x'.repeat(129) }, 'stage'],
  ['half a version', { ...stage, version: 1.5 }, 'version'],
])('%s is refused with its path', (_title, data, path) => {
  const refused = catching(() => parseJob(StageJob, data, 'job-7'));
  expect(refused).toMatchObject({
    code: 'INVALID_JOB',
    message: expect.stringContaining('job "job-7"'),
    issues: [{ path }],
  });
});

test.each([
  { ...stage, admin: true },
  JSON.parse('{"v":1,"run":"r","workflow":"w","version":1,"kind":"step","stage":"s","__proto__":{"x":1}}'),
])('a field that nobody knows is refused', (data) => {
  expect(catching(() => parseJob(StageJob, data, 'j'))).toMatchObject({ code: 'INVALID_JOB' });
});

test('a result that is none of ours is told apart', () => {
  expect(StageResult.safeParse({ output: 1, attempt: 1, startedAt: 1, finishedAt: 2 }).success).toBe(true);
  expect(StageResult.safeParse('done').success).toBe(false);
  expect(StageResult.safeParse({ output: 1 }).success).toBe(false);
});

function catching(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
