/**
 * The suite asks for tools by names of its own, each of which is to behave in a certain way. Tools of ours are workflows: those
 * that a workflow can be are here. What it asks for besides is in `expected-failures.yml`, each with the reason.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineFanOut, defineSaga, defineTask, PermanentError } from '../../dist/index.js';

const Nothing = z.object({});
const task = (name, run) =>
  defineTask({ name, idempotent: true, attempts: 1, input: Nothing, output: z.unknown(), run });
const only = (name, run) =>
  defineFanOut({
    name,
    input: Nothing,
    branches: { only: { run: task(name, run), with: () => ({}) } },
    aggregate: (results) => (results.only.state === 'completed' ? results.only.output : null),
  });

/** Long enough that each of its ends is seen. */
const STEP_MS = 600;
const step = task('step', async () => {
  await sleep(STEP_MS);
  return 'done';
});
const steps = (name) =>
  defineSaga({ name, input: Nothing })
    .step('one', step, { with: () => ({}) })
    .step('two', step, { with: () => ({}) })
    .step('three', step, { with: () => ({}) })
    .returns(() => 'done');

const Address = z.object({ street: z.string(), city: z.string() }).meta({ id: 'address' });

export default {
  workflows: [
    only('test_simple_text', () => 'This is a simple text response for testing.'),
    only('test_error_handling', () => {
      throw new PermanentError('This tool intentionally returns an error for testing');
    }),
    steps('test_tool_with_progress'),
    steps('test_tool_with_logging'),
    defineFanOut({
      name: 'json_schema_2020_12_tool',
      input: z.strictObject({ name: z.string().optional(), address: Address.optional() }),
      branches: { only: { run: step, with: () => ({}) } },
      aggregate: () => 'done',
    }),
  ],
};
