/** `rediss://`: over TLS with an authority of one's own, or not at all. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { RedisConnection } from '../../../src/adapters/redis-connections.js';
import { switchyard } from '../../../src/index.js';
import { silentLog } from '../../support/silent-log.js';
import { useTlsRedis } from '../../support/tls-redis.js';
import { echo } from '../../support/workflows.js';

function open(connection: RedisConnection) {
  const sy = switchyard({ connection, workflows: [echo], logger: silentLog });
  onTestFinished(() => sy.close());
  return sy;
}

test('runs work over TLS; a certificate that nobody vouches for is refused, and never done without', async () => {
  const { port, ca, caFile } = await useTlsRedis();
  const sy = open({ host: 'localhost', port, tls: { ca } });
  const workers = sy.workers();
  await workers.start();
  onTestFinished(() => workers.stop());
  const run = await sy.start(echo, { over: 'TLS' });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { over: 'TLS' } });

  const url = `rediss://localhost:${port}`;
  for (const connection of [url, { host: 'localhost', port, tls: {} }]) {
    await expect(open(connection).ready()).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringMatching(/localhost:\d+ \(TLS\): TLS failed: .*a trusted certificate/),
    });
  }
  // A command is told of the authority as any program of Node.js is.
  const command = ['dist/main.js', 'runs', '--json'];
  const env = { ...process.env, REDIS_URL: url, NODE_EXTRA_CA_CERTS: caFile };
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  expect(stdout).toContain(run.id);
});
