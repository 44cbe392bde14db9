import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SwitchyardError } from '../../../src/errors.js';
import type { ToolCallOptions } from '../../../src/ports.js';
import { attemptTask } from '../../../src/processors/attempt.js';
import type { Task, TaskContext } from '../../../src/task.js';
import { NO_TELEMETRY } from '../../../src/telemetry.js';
import { silentLog } from '../../support/silent-log.js';
import { signal, task } from '../../support/workflows.js';

interface Sent {
  readonly capability: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly options: ToolCallOptions;
}

/** One attempt at the task, against tools that answer with their arguments. */
async function attempt(of: Task, jobSignal = new AbortController().signal) {
  const sent: Sent[] = [];
  const tools = {
    call: (capability: string, args: Readonly<Record<string, unknown>>, options: ToolCallOptions) => {
      sent.push({ capability, args, options });
      return Promise.resolve(args);
    },
    close: () => Promise.resolve(),
  };
  const job = {
    id: 'r-s',
    data: {},
    attempt: 1,
    failures: 0,
    isLastAttempt: false,
    crashes: 0,
    startedAt: 1,
    fence: { lockKey: 'lock', token: 'token' },
    signal: jobSignal,
    log: silentLog,
  };
  const result = await attemptTask({ tools, telemetry: NO_TELEMETRY }, job, {
    run: 'r',
    stage: 's',
    task: of,
    input: 1,
  }).then(
    (output) => ({ output }),
    (error: SwitchyardError) => ({ error }),
  );
  return { ...result, sent };
}

const calling = (run: (context: TaskContext) => Promise<unknown>) => task('t', (_input, context) => run(context));

describe('the keys of tool calls', () => {
  test('a call without a name has the key of the task, and calls without a key do not count', async () => {
    const { sent } = await attempt(
      calling(async ({ tool, key }) => {
        await tool('a.read', {}, { idempotent: true });
        await tool('a.write', { own: key }, { key: 'idempotencyKey' });
      }),
    );
    expect(sent.map(({ args }) => args)).toEqual([{}, { own: 'r/s/1', idempotencyKey: 'r/s/1' }]);
    expect(sent.map(({ options }) => [options.safeToRepeat, options.meta])).toEqual([
      [true, { 'switchyard/run': 'r' }],
      [true, { 'switchyard/run': 'r', 'switchyard/key': 'r/s/1' }],
    ]);
  });

  test('calls with names keep their keys whatever their order', async () => {
    const both = (names: readonly string[]) =>
      calling(({ tool }) =>
        Promise.all(names.map((name) => tool('mail.send', { to: name }, { key: 'k', call: name }))),
      );
    const keys = async (names: readonly string[]) =>
      Object.fromEntries((await attempt(both(names))).sent.map(({ args }) => [args.to, args.k]));
    expect(await keys(['anna', 'bert'])).toEqual({ anna: 'r/s/anna', bert: 'r/s/bert' });
    expect(await keys(['bert', 'anna'])).toEqual(await keys(['anna', 'bert']));
  });

  test.each<[what: string, run: (context: TaskContext) => Promise<unknown>, says: string]>([
    [
      'a second keyed call without a name',
      ({ tool }) => Promise.all([tool('a', {}, { key: 'k' }), tool('b', {}, { key: 'k' })]),
      "call: 'anna'",
    ],
    [
      'a name that was given already',
      async ({ tool }) => [await tool('a', {}, { key: 'k', call: 'x' }), await tool('b', {}, { key: 'k', call: 'x' })],
      'named "x"',
    ],
    ['a name that a counted key could have', ({ tool }) => tool('a', {}, { key: 'k', call: '1' }), '"1"'],
    ['a name with a separator', ({ tool }) => tool('a', {}, { key: 'k', call: 'x/1' }), '"x/1"'],
    ['a name without a key', ({ tool }) => tool('a', {}, { call: 'x' }), 'takes no key'],
  ])('%s is refused', async (_what, run, says) => {
    const { error } = await attempt(calling(run)).then((result) => ({ error: undefined, ...result }));
    expect(error).toMatchObject({ code: 'INVALID_DEFINITION', retryable: false });
    expect(error?.message).toContain(says);
  });
});

class Money {
  readonly cents = 5;
}

describe('what a task returns', () => {
  test.each<[value: unknown, found: string, at: string]>([
    [{ order: { at: new Date(0) } }, 'a Date', '"order.at"'],
    [{ lines: [{ tags: new Map([['a', 1]]) }] }, 'a Map', '"lines.0.tags"'],
    [{ price: Number.NaN }, 'NaN', '"price"'],
    [{ price: new Money() }, 'a Money', '"price"'],
    [[1, undefined], 'undefined', '"1"'],
    [new Date(0), 'a Date', 'as a whole'],
    [() => 1, 'a function', 'as a whole'],
  ])('%o is refused, since JSON would change it', async (value, found, at) => {
    const result = await attempt(task('t', () => value));
    expect(result).toMatchObject({ error: { code: 'BAD_OUTPUT', retryable: false } });
    expect(result).toMatchObject({ error: { message: expect.stringContaining(found) } });
    expect(result).toMatchObject({ error: { message: expect.stringContaining(at) } });
  });

  test('is refused as its schema makes it, not as the code returned it', async () => {
    const dated: Task = { ...task('t', () => ({ at: '2026-01-01' })), output: z.object({ at: z.coerce.date() }) };
    expect(await attempt(dated)).toMatchObject({ error: { code: 'BAD_OUTPUT' } });
    const told: Task = {
      ...task('t', () => ({ at: new Date(0) })),
      output: z.object({ at: z.date().transform(String) }),
    };
    expect(await attempt(told)).toMatchObject({ output: { at: String(new Date(0)) } });
  });

  test('members that are undefined are left out, and nothing at all is null', async () => {
    expect(await attempt(task('t', () => ({ a: 1, b: undefined })))).toMatchObject({ output: { a: 1 } });
    expect(await attempt(task('t', () => undefined))).toMatchObject({ output: null });
  });

  test('what JSON cannot hold at all is refused too, however deep it is nested', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(await attempt(task('t', () => circle))).toMatchObject({ error: { code: 'BAD_OUTPUT' } });
    expect(await attempt(task('t', () => ({ n: 1n })))).toMatchObject({ error: { code: 'BAD_OUTPUT' } });
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    expect(await attempt(task('t', () => deep))).toMatchObject({ error: { code: 'BAD_OUTPUT' } });
  });
});

describe('the timeout', () => {
  const slow = (load: Task['load']): Task => ({ ...task('slow', () => 1, { timeout: 20 }), load });

  test('code that does not load ends the attempt, which cannot have had an effect', async () => {
    const { error } = await attempt(slow(() => new Promise(() => {}))).then((it) => ({ error: undefined, ...it }));
    expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('loading') });
    expect(error?.answered).toBeUndefined();
  });

  test('code that loads after the timeout is not run', async () => {
    const [loaded, ran] = [signal(), { is: false }];
    const late = slow(async () => {
      await loaded.happened;
      return () => {
        ran.is = true;
      };
    });
    expect(await attempt(late)).toMatchObject({ error: { code: 'TIMEOUT' } });
    loaded.happen();
    await new Promise(setImmediate);
    expect(ran.is).toBe(false);
  });

  test('code that was begun leaves it open what it has done', async () => {
    const { error } = await attempt(task('hangs', () => new Promise(() => {}), { timeout: 20 })).then((it) => ({
      error: undefined,
      ...it,
    }));
    expect(error).toMatchObject({ code: 'TIMEOUT', answered: false });
  });

  test('a job that was stopped before its code loaded does not run it', async () => {
    const stopped = AbortSignal.abort('the worker stops');
    const { error } = await attempt(
      task('t', () => {
        throw new Error('ran');
      }),
      stopped,
    ).then((it) => ({ error: undefined, ...it }));
    expect(error).toMatchObject({ code: 'WORKER_LOST' });
    expect(error?.answered).toBeUndefined();
  });

  test.each(['30d', 'soon', 0])('a timeout of %j for a tool call is refused', async (timeout) => {
    const wrong = calling(({ tool }) => tool('a', {}, { timeout: timeout as never }));
    expect(await attempt(wrong)).toMatchObject({ error: { code: 'INVALID_DEFINITION' }, sent: [] });
  });
});
