/** Each example is run as a user would run it; it asserts its own outcome. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { redisUrl } from '../support/redis.js';

const examples = readdirSync('examples').filter((file) => /^\d+-.*\.ts$/.test(file));

it.each(examples)('%s runs and checks itself', async (file) => {
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/${file}`], {
    env: { ...process.env, REDIS_URL: redisUrl() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const [code] = await once(child, 'exit');
  expect(code, output.join('')).toBe(0);
});
