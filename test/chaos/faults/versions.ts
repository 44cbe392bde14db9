/** Two releases at work at once: no worker runs a step of a version that it does not know. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { switchyard } from '../../../src/engine/engine.js';
import { startFaultRedis } from '../../support/faults/fault-redis.js';
import { Line, type Version, versioned } from '../../support/faults/versions.js';
import { silentLog } from '../../support/silent-log.js';
import type { FaultEnv, FaultReport } from './fault.js';

const PROGRAM = fileURLToPath(new URL('../../support/faults/version-worker.ts', import.meta.url));
const PREFIX = '{versions}';
const END_LIMIT_MS = 120_000;

export async function twoVersions(env: FaultEnv): Promise<FaultReport> {
  const redis = await startFaultRedis({ folder: env.folder });
  const file = join(env.folder, 'effects.jsonl');
  await writeFile(file, '');
  // A release that knows one version only, each way: the old one does not know the new, the new has dropped the old.
  const workers = ['1', '2', '1'].map((known) =>
    spawn(process.execPath, ['--import', 'tsx', PROGRAM, PREFIX, file, known], {
      env: { ...process.env, REDIS_URL: redis.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const producers = ([1, 2] as const).map((version) =>
    switchyard({
      connection: redis.url,
      prefix: PREFIX,
      workflows: [versioned(version, file, 'producer')],
      logger: silentLog,
    }),
  );
  try {
    await Promise.all(workers.map((worker) => once(worker.stdout ?? worker, 'data')));
    const started = await Promise.all(
      Array.from({ length: env.runs }, async (_, at) => {
        const version: Version = env.random() < 0.5 ? 1 : 2;
        const fail = at % 5 === 0;
        const run = await producers[version - 1]?.start('versioned', { fail });
        if (!run) throw new Error('no producer');
        return { run, version, expected: fail ? 'compensated' : 'completed' };
      }),
    );
    const ends: Record<string, number> = {};
    const violations: string[] = [];
    const versions = new Map<string, Version>();
    await Promise.all(
      started.map(async ({ run, version, expected }) => {
        versions.set(run.id, version);
        const { status } = await run.wait(END_LIMIT_MS);
        ends[`version ${version} ${status}`] = (ends[`version ${version} ${status}`] ?? 0) + 1;
        if (status !== expected) violations.push(`I1 ${run.id}: is ${status}, ordered: ${expected}`);
      }),
    );
    const lines = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => Line.parse(JSON.parse(line)));
    const strays = lines.filter(
      ({ run, version, worker }) => versions.get(run) !== version || worker !== String(version),
    );
    violations.push(...strays.map((stray) => `a worker of another version ran ${JSON.stringify(stray)}`));
    // A job that a worker cannot run is started there all the same, and put back: without one, nothing was tried.
    const attempts = await Promise.all(started.map(({ run }) => startsOf(redis.admin, run.id)));
    const putBack = attempts.reduce((sum, starts) => sum + starts, 0);
    if (putBack === 0) violations.push('no worker ever took a job of a version that it does not know');
    return {
      accepted: [...versions.keys()],
      counts: { ...ends, effects: lines.length, putBack },
      faults: { 'workers of another version': workers.length },
      violations,
      notes: [],
      orphans: [],
    };
  } finally {
    await Promise.all(workers.map(end));
    await Promise.all(producers.map((producer) => producer.close()));
    await redis.stop();
  }
}

/** Starts of a run's jobs beyond the one that each needs. */
async function startsOf(redis: Awaited<ReturnType<typeof startFaultRedis>>['admin'], run: string): Promise<number> {
  const keys = await redis.keys(`${PREFIX}:tasks:${run}-*`);
  const starts = await Promise.all(keys.map((key) => redis.hget(key, 'ats')));
  return starts.reduce((sum, times) => sum + Math.max(0, Number(times ?? 1) - 1), 0);
}

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
}
