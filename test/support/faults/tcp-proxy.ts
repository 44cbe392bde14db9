/**
 * A TCP proxy that breaks what passes through it, as networks do: it delays, resets, refuses, falls silent on one or both
 * ways, and leads elsewhere. In front of Redis, everything behind it is a real client on a real socket.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

type Way = 'toServer' | 'toClient';

export interface TcpProxy {
  readonly port: number;
  /** An address with this proxy instead of its host and port. */
  url(address: string): string;
  /** Holds back each chunk for so long, on each way; 0 ends it. */
  delay(ms: number): void;
  /** Resets every connection now; returns how many there were. */
  resetAll(): number;
  /** Resets every connection again and again; 0 ends it. */
  resetEvery(ms: number): void;
  /** Nothing listens any more, and what was connected is reset. */
  refuse(): Promise<void>;
  /** Listens again, on the same port. */
  listen(): Promise<void>;
  /** What is sent on these ways is swallowed: connections stand, new ones too, and nobody is told. */
  silence(...ways: readonly Way[]): void;
  /**
   * Ends the silence. `lost`: connections that stood in it stay dead for good, as behind a firewall that forgot them, and
   * only new ones work. `delivered`: what was swallowed arrives late, as TCP sends it again.
   */
  heal(how: 'lost' | 'delivered'): void;
  /** Where new connections lead; those that stand stay where they are. */
  retarget(port: number): void;
  readonly counts: { readonly connections: number; readonly resets: number; readonly swallowed: number };
  close(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Never comes back to life. */
  dead: boolean;
  readonly held: Record<Way, Buffer[]>;
}

/** @param target port of the server on this machine */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const links = new Set<Link>();
  const silent = new Set<Way>();
  const counts = { connections: 0, resets: 0, swallowed: 0 };
  let [delayMs, to] = [0, target];
  let resetter: NodeJS.Timeout | undefined;
  let server: Server | undefined;
  let port = 0;

  function pass(link: Link, way: Way, chunk: Buffer): void {
    const receiver = way === 'toServer' ? link.server : link.client;
    if (receiver.destroyed) return;
    if (link.dead || silent.has(way)) {
      counts.swallowed += chunk.length;
      if (!link.dead) link.held[way].push(chunk);
      return;
    }
    receiver.write(chunk);
  }

  function drop(link: Link): void {
    links.delete(link);
    reset(link.client);
    reset(link.server);
  }

  function accept(client: Socket): void {
    counts.connections += 1;
    const link: Link = {
      client,
      server: connect({ port: to, host: '127.0.0.1' }),
      dead: false,
      held: { toServer: [], toClient: [] },
    };
    links.add(link);
    for (const [way, sender] of [
      ['toServer', link.client],
      ['toClient', link.server],
    ] as const) {
      sender.setNoDelay(true);
      sender.on('data', (chunk: Buffer) => {
        if (delayMs > 0) setTimeout(() => pass(link, way, chunk), delayMs);
        else pass(link, way, chunk);
      });
      sender.on('error', () => drop(link));
      // In a silence nobody hears that the other end has gone.
      sender.on('close', () => silent.size === 0 && !link.dead && drop(link));
    }
  }

  const resetAll = (): number => {
    const struck = links.size;
    for (const link of [...links]) drop(link);
    counts.resets += struck;
    return struck;
  };

  async function listen(): Promise<void> {
    const listening = createServer(accept);
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject);
      listening.listen(port, '127.0.0.1', resolve);
    });
    const address = listening.address();
    if (typeof address === 'object' && address) port = address.port;
    server = listening;
  }

  async function refuse(): Promise<void> {
    const listening = server;
    server = undefined;
    const closed = new Promise<void>((resolve) => (listening ? listening.close(() => resolve()) : resolve()));
    resetAll();
    await closed;
  }

  await listen();
  return {
    get port() {
      return port;
    },
    counts,
    url(address) {
      const url = new URL(address);
      url.host = `127.0.0.1:${port}`;
      return url.href;
    },
    delay(ms) {
      delayMs = ms;
    },
    resetAll,
    resetEvery(ms) {
      clearInterval(resetter);
      if (ms > 0) resetter = setInterval(resetAll, ms);
    },
    refuse,
    listen,
    silence: (...ways) => {
      for (const way of ways) silent.add(way);
    },
    heal(how) {
      silent.clear();
      for (const link of links) {
        if (how === 'lost') link.dead = true;
        else {
          for (const way of ['toServer', 'toClient'] as const) {
            for (const chunk of link.held[way].splice(0)) pass(link, way, chunk);
          }
        }
      }
    },
    retarget(next) {
      to = next;
    },
    async close() {
      clearInterval(resetter);
      await refuse();
    },
  };
}

/** Node 20 never finishes a reset that meets a connection which is being opened or ended, and spins when it exits. */
function reset(socket: Socket): void {
  if (socket.connecting || socket.writableEnded || socket.readyState !== 'open') socket.destroy();
  else socket.resetAndDestroy();
}
