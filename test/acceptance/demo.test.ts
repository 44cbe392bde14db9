import { expect, it } from 'vitest';
import { z } from 'zod';
import { keysOf } from '../support/redis.js';
import { place } from './cli/cli-process.js';

const Document = z.strictObject({
  runs: z.array(z.object({ id: z.string(), workflow: z.string(), status: z.string(), output: z.unknown() })),
});

it('the demo ends as it should, prints one document, and leaves nothing in a Redis that is not its own', async () => {
  const { run } = await place();
  const { code, out, err } = await run(['demo', '--json']);
  expect(code, err).toBe(0);
  const { runs } = Document.parse(JSON.parse(out));
  const ends = runs.map(({ workflow, status }) => `${workflow} ${status}`);
  expect(ends).toEqual([
    'parallel completed',
    'parallel partial',
    ...Array.from({ length: 7 }, () => 'support completed'),
    'order completed',
    'order compensated',
    'order completed',
  ]);
  expect(err).toContain('12 runs in');
  expect(await keysOf('{sy-demo-')).toEqual([]);
}, 60_000);
