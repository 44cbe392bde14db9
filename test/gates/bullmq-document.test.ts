/** What docs/bullmq.md shows is what examples/05-bullmq-shop.ts runs. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const regions = [
  ...readFileSync('examples/05-bullmq-shop.ts', 'utf8').matchAll(/\/\/ #region \S+\n([\s\S]*?)\n\/\/ #endregion/g),
].map(([, code]) => code?.trim());
const blocks = [...readFileSync('docs/bullmq.md', 'utf8').matchAll(/```ts\n([\s\S]*?)\n```/g)].map(([, code]) => code);

it('every block of code is one that the example runs, and every region of it is shown', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(4);
  expect([...blocks].sort()).toEqual([...regions].sort());
});
