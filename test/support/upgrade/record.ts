/**
 * Has a released version of Switchyard begin runs, is killed in the middle of them, and writes down what it leaves in
 * Redis: the fixture of `test/integration/engine/upgrade.test.ts`. For a version to be recorded:
 *
 *     git worktree add .recorded 26b7ee7
 *     REDIS_URL=redis://… npx tsx test/support/upgrade/record.ts 26b7ee7 .recorded test/support/upgrade/runs-26b7ee7.ndjson
 *     git worktree remove .recorded
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import type * as switchyard from '../../../src/index.js';
import { snapshotText, takeKeys } from './snapshot.js';
import { type Effect, upgradeWorkflows } from './workflows.js';

const [version = '', folder = '', file = ''] = process.argv.slice(2);
const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const prefix = '{recorded}';
const recorded: typeof switchyard = await import(pathToFileURL(resolve(join(folder, 'src/index.ts'))).href);

const redis = new Redis(url);
const left = await redis.keys(`${prefix}*`);
if (left.length > 0) await redis.del(...left);
const effects: Effect[] = [];
const workflows = upgradeWorkflows(recorded, async (effect) => effects.push(effect), true);
const sy = recorded.switchyard({ connection: url, prefix, workflows: workflows.all });
const runs: Record<string, string> = {};
const start = async (name: string, ...args: Parameters<typeof sy.start>) => {
  const run = await sy.start(args[0] as string, args[1], { ...args[2], key: name });
  runs[name] = run.id;
  return run;
};

/** Waits for the run to have stages in these states: `{ one: 'completed', two: 'waiting' }`. */
async function until(run: switchyard.Run, stages: Readonly<Record<string, string>>): Promise<void> {
  for (;;) {
    const { timeline } = await run.describe();
    const states = Object.fromEntries(timeline.map(({ name, state }) => [name, state]));
    if (Object.entries(stages).every(([name, state]) => states[name] === state)) return;
    await delay(20);
  }
}

const working = sy.workers({ queues: ['runs', 'early'] });
await working.start();
const ended = await start('ended', 'short', {});
const begun = await start('branch-left', 'brief', {});
const routed = await start('route-left', 'desk', { route: 'late', urgent: false });
const escalated = await start('escalation-left', 'desk', { route: 'early', urgent: true });
const halfway = await start('step-left', 'trip', {});
const unwinding = await start('undo-left', 'doomed', {});
const doubtful = await start('in-doubt', 'doubtful', {});
const stuck = await start('stuck', 'stuck', {});
await Promise.all([ended, doubtful, stuck].map((run) => run.wait('30s')));
await until(begun, { fast: 'completed', slow: 'waiting' });
await until(routed, { late: 'waiting' });
await until(escalated, { early: 'completed', escalation: 'waiting' });
await until(halfway, { one: 'completed', two: 'waiting' });
await until(unwinding, { 'two.undo': 'completed', 'one.undo': 'waiting' });
await working.stop();

await start('accepted-fan-out', 'brief', {});
await start('accepted-router', 'desk', { route: 'late', urgent: true });
await start('accepted-saga', 'trip', {});
// Their queues are their own: the accepted runs stay untouched.
await sy.workers({ queues: ['hang', 'retry'] }).start();
const hanging = await start('worker-lost', 'hanging', {});
await until(hanging, { one: 'running' });
const retrying = await start('retry-delayed', 'retrying', {});
for (;;) {
  const [entry] = (await retrying.describe()).timeline;
  if (entry?.attempts.some(({ error }) => error)) break;
  await delay(20);
}
await start('start-delayed', 'trip', {}, { delay: '2s' });
const keys = await takeKeys(redis, prefix);
// Stacks name the folders of the machine that recorded them.
const text = snapshotText({ version, prefix, runs, effects, keys }).replaceAll(process.cwd(), '.');
await writeFile(file, text);
process.stdout.write(`${keys.length} keys of ${Object.keys(runs).length} runs, ${effects.length} effects\n`);
// As a kill would: nothing is put back, no lock is given up.
process.exit(0);
