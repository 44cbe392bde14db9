/**
 * Where an embedded Redis listens: where the one before it in the same folder did, as long as that port is free, so that
 * workers and dashboards that were left running find the next one by themselves.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { readLastAddress, type ServerAddress } from './state.js';

/**
 * Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152): one of those could
 * take the port between two starts, even a worker's own attempt to reach it.
 */
const PORTS = { first: 20_000, last: 29_999 } as const;
const PORT_ATTEMPTS = 20;

/** The port may be taken by the time the server binds it; see `isPortTaken`. */
export async function chooseAddress(folder: string): Promise<ServerAddress> {
  const last = await readLastAddress(folder);
  return last && (await freePort(last.port)) ? last : await newAddress();
}

/** A password of its own: whoever has the port of the one before may have been told that one's by a worker. */
export async function newAddress(): Promise<ServerAddress> {
  const port = await newPort();
  return { port, url: `redis://:${randomBytes(24).toString('base64url')}@127.0.0.1:${port}` };
}

async function newPort(): Promise<number> {
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    const port = await freePort(randomInt(PORTS.first, PORTS.last + 1));
    if (port !== undefined) return port;
  }
  const any = await freePort(0);
  if (any === undefined) throw new Error('no loopback port can be listened on');
  return any;
}

/** The port, or for 0 one that the system chose; undefined when it cannot be listened on. */
function freePort(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    // A worker that waits for its Redis may connect meanwhile, and the server closes only when it has gone.
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
