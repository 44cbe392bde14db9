/** A saga in two versions, whose steps write into a file which worker ran them for which version. */
import { appendFileSync } from 'node:fs';
import { z } from 'zod';
import { PermanentError } from '../../../src/errors.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { defineTask } from '../../../src/task.js';

export type Version = 1 | 2;

export const Line = z.object({
  worker: z.string(),
  run: z.string(),
  stage: z.string(),
  version: z.union([z.literal(1), z.literal(2)]),
});
export type Line = z.infer<typeof Line>;

const input = z.object({ fail: z.boolean() });

/** Version 2 has one step more. The file is the oracle: appending a line is atomic, and Redis knows nothing of it. */
export function versioned(version: Version, file: string, worker: string) {
  const effect = (name: string) =>
    defineTask({
      name,
      input: z.unknown(),
      output: z.unknown(),
      key: true,
      backoff: { initial: 10, jitter: 0 },
      run: (args, { run, stage }) => {
        if (args === 'fail') throw new PermanentError(`${stage} is refused`);
        const line: Line = { worker, run, stage, version };
        appendFileSync(file, `${JSON.stringify(line)}\n`);
        return stage;
      },
    });
  const undo: readonly [ReturnType<typeof effect>, () => string] = [effect('undo'), () => 'undo'];
  const first = defineSaga({ name: 'versioned', version, input }).step('one', effect('one'), {
    with: () => 'one',
    undo,
  });
  const more = version === 1 ? first : first.step('extra', effect('extra'), { with: () => 'extra', undo });
  return more
    .step('last', effect('last'), { with: ({ input: { fail } }) => (fail ? 'fail' : 'last'), undo })
    .returns(() => version);
}
