import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import type { Facts } from '../../../src/facts.js';
import type { WorkflowDefinition } from '../../../src/orchestrators/definition.js';
import type { CompleteCommand, EffectEnd, FinishEffect } from '../../../src/orchestrators/move.js';
import { createFinishing } from '../../../src/processors/finishing.js';

const END: EffectEnd = { run: 'r', stage: 's', done: '{}' };
const FENCE = { lockKey: 'lock', token: 'token' };

const FACTS = { record: {}, stages: new Map() } as unknown as Facts;

/** The two methods as BullMQ has them: the one sends its command by way of the other, later. */
class Backend {
  readonly sent: string[] = [];
  async moveToCompleted(job: { readonly id: string }): Promise<unknown> {
    await Promise.resolve();
    const keys = Array.from({ length: 14 }, (_, n) => `key${n}`);
    await this.execCommand(undefined, 'other', []);
    return await this.execCommand(undefined, 'moveToFinished', [...keys, job.id, 7, Buffer.from('opts'), undefined]);
  }
  async execCommand(_client: unknown, name: string, _args: readonly unknown[]): Promise<unknown> {
    this.sent.push(name);
    return 'plain';
  }
}

test('only the attempt that is to end so is completed with its end; another of the same job in this process is not', async () => {
  const backend = new Backend();
  const finished: (readonly [EffectEnd, CompleteCommand])[] = [];
  const finish: FinishEffect = async (end, _fence, command) => {
    finished.push([end, command]);
    return { reply: 'finished', hasBegun: false };
  };
  const finishing = createFinishing(backend, { finish, heldForMs: 1_000, isClosed: () => false });
  const [late, own] = [{ id: 'job' }, { id: 'job' }];
  finishing.expect(own, { end: END, fence: FENCE });
  expect([finishing.expects(late), finishing.expects(own)]).toEqual([false, true]);
  expect(await Promise.all([late, own].map((job) => backend.moveToCompleted(job)))).toEqual(['plain', 'finished']);
  expect(backend.sent.sort()).toEqual(['moveToFinished', 'other', 'other']);
  const [keys, args] = [Array.from({ length: 14 }, (_, n) => `key${n}`), ['job', 7, Buffer.from('opts'), '']];
  expect(finished).toEqual([[END, { keys, args }]]);
});

describe('what was begun with an end', () => {
  const begun = { facts: FACTS, kept: { facts: FACTS, input: undefined, done: new Map() }, input: 'given' };
  const begin = { stage: 'next', intent: { attempt: 1, key: 'r/next/1' } };
  const next = { definition: {} as WorkflowDefinition, facts: FACTS, stages: [], begin };

  /** A worker whose Redis begins what it is asked to, but for the ends of these tokens. */
  function useFinishing({ isClosed = false, refused = [] as readonly string[] } = {}) {
    const backend = new Backend();
    const finish: FinishEffect = async (end, { token }) => ({
      reply: [],
      hasBegun: end.next?.begin !== undefined && !refused.includes(token),
    });
    const finishing = createFinishing(backend, { finish, heldForMs: 1_000, isClosed: () => isClosed });
    const complete = async (token: string) => {
      const job = { id: 'job' };
      const end = { ...END, next };
      finishing.expect(job, { end, fence: { ...FENCE, token }, next: { job: 'next', begun } });
      await backend.moveToCompleted(job);
    };
    return { finishing, complete };
  }

  it('is handed to the job that it is about, under the same token, and once', async () => {
    const { finishing, complete } = useFinishing({ refused: ['three'] });
    await complete('one');
    expect(finishing.begun('next', 'another')).toBeUndefined();
    expect([finishing.begun('next', 'one'), finishing.begun('next', 'one')]).toEqual([begun, undefined]);
    await complete('two');
    expect([finishing.begun('other', 'two'), finishing.begun('next', 'two')]).toEqual([undefined, undefined]);
    await complete('three');
    expect(finishing.begun('next', 'three')).toBeUndefined();
  });

  it('[P2] is not gone on with by a job that comes when its lock may be gone', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { finishing, complete } = useFinishing();
    await complete('one');
    vi.advanceTimersByTime(999);
    expect(finishing.begun('next', 'one')).toEqual(begun);
    await complete('two');
    vi.advanceTimersByTime(1_000);
    expect(finishing.begun('next', 'two')).toBeUndefined();
  });

  it('is not begun where the job would have to wait for one that is to be alone', async () => {
    const { finishing, complete } = useFinishing({ isClosed: true });
    await complete('one');
    expect(finishing.begun('next', 'one')).toBeUndefined();
  });
});
