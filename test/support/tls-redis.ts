/** A Redis that speaks TLS, with a certificate of an authority that nobody knows. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { Redis } from 'ioredis';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';
import { useRedisProcess } from './redis-process.js';

export interface TlsRedis {
  readonly port: number;
  /** The authority, as text and as a file. */
  readonly ca: string;
  readonly caFile: string;
  /** Whether Redis itself speaks it, or something in front of it, as some managed services have it. */
  readonly by: 'redis' | 'terminator';
}

export async function useTlsRedis(): Promise<TlsRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const authority = await generate([{ name: 'commonName', value: 'authority of a test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const [caFile, cert, key] = [
    await file('ca.pem', authority.cert),
    await file('server.pem', server.cert),
    await file('server.key', server.private),
  ];
  const known = { ca: authority.cert, caFile };
  const port = await freePort();
  try {
    const lines = [`tls-port ${port}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${caFile}`];
    await useRedisProcess([...lines, 'tls-auth-clients no'], { ready: pingOrFail });
    return { ...known, port, by: 'redis' };
  } catch (error) {
    // Built without TLS: it does not know the directive.
    if (!/tls-port|TLS/i.test(String(error))) throw error;
    return { ...known, port: await terminate({ cert: server.cert, key: server.private }), by: 'terminator' };
  }
}

/** TLS in front of a Redis that speaks none. */
async function terminate(of: { readonly cert: string; readonly key: string }): Promise<number> {
  const { port: behind } = await useRedisProcess();
  const server = createTlsServer(of, (socket) => {
    const redis = connect(behind, '127.0.0.1');
    for (const [one, other] of [
      [socket, redis],
      [redis, socket],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A client that waits for its server to come back would wait for one that did not start, too. */
function pingOrFail(client: Redis): Promise<unknown> {
  const failed = new Promise((_resolve, reject) => client.once('error', reject));
  return Promise.race([client.ping(), failed]);
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
