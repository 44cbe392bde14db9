import { expect, test } from 'vitest';
import type { CompleteCommand, EffectEnd } from '../../../src/orchestrators/move.js';
import { createFinishing } from '../../../src/processors/finishing.js';

const END: EffectEnd = { run: 'r', stage: 's', done: '{}' };
const FENCE = { lockKey: 'lock', token: 'token' };

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
  const finishing = createFinishing(backend, async (end, _fence, command) => {
    finished.push([end, command]);
    return 'finished';
  });
  const [late, own] = [{ id: 'job' }, { id: 'job' }];
  finishing.expect(own, END, FENCE);
  expect([finishing.expects(late), finishing.expects(own)]).toEqual([false, true]);
  expect(await Promise.all([late, own].map((job) => backend.moveToCompleted(job)))).toEqual(['plain', 'finished']);
  expect(backend.sent.sort()).toEqual(['moveToFinished', 'other', 'other']);
  const [keys, args] = [Array.from({ length: 14 }, (_, n) => `key${n}`), ['job', 7, Buffer.from('opts'), '']];
  expect(finished).toEqual([[END, { keys, args }]]);
});
