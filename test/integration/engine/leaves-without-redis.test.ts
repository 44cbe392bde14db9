import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { useRedisProcess } from '../../support/redis-process.js';

const PROGRAM = fileURLToPath(new URL('../../support/leaves-without-redis.ts', import.meta.url));

test('a process that has stopped its workers and closed ends by itself, also while Redis is gone', async () => {
  const redis = await useRedisProcess();
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, redis.url, '{leaves}'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  redis.admin.disconnect();
  redis.child.kill('SIGKILL');
  child.stdin.write('Redis is gone\n');
  expect(await Promise.race([ended, new Promise((late) => setTimeout(late, 20_000, 'it still runs'))])).toEqual([
    0,
    null,
  ]);
});
