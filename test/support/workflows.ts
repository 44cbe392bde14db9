import { z } from 'zod';
import { defineFanOut } from '../../src/orchestrators/fan-out.js';
import { defineTask, type Task, type TaskFunction } from '../../src/task.js';

type Policy = Pick<
  Parameters<typeof defineTask>[0],
  'queue' | 'attempts' | 'timeout' | 'backoff' | 'idempotent' | 'key'
>;

/** A task that takes and returns anything, and retries at once. */
export function task(
  name: string,
  run: TaskFunction<unknown, unknown> = (input) => input,
  policy: Policy = {},
): Task<unknown, unknown> {
  return defineTask({
    name,
    input: z.unknown(),
    output: z.unknown(),
    run,
    backoff: { initial: 1, factor: 1, jitter: 0 },
    ...policy,
  });
}

/** An input that any JSON object fits. */
export const anyInput = z.record(z.string(), z.unknown());

/** One branch that answers with its input. */
export const echo = defineFanOut({
  name: 'echo',
  input: anyInput,
  branches: { only: { run: task('echo'), with: (i) => i } },
  aggregate: (r) => (r.only.state === 'completed' ? r.only.output : null),
});

/** Something that happens once, awaited in one place and made to happen in another. */
export interface Signal {
  readonly happened: Promise<void>;
  happen(): void;
}

export function signal(): Signal {
  let happen = () => {};
  const happened = new Promise<void>((resolve) => {
    happen = resolve;
  });
  return { happened, happen };
}
