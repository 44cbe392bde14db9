/** What a job of a team's starts; for the test, and for the worker process that dies. */
import { z } from 'zod';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { task } from '../workflows.js';

export const signup = defineFanOut({
  name: 'signup',
  input: z.object({ id: z.number() }),
  branches: { welcome: { run: task('welcome', undefined, { idempotent: true }), with: (i) => i.id } },
  aggregate: ({ welcome }) => welcome.state,
});
