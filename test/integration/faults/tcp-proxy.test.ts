/** The proxy itself: a fault that does not strike would let every scenario above it pass. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../../support/faults/tcp-proxy.js';

/** Answers each chunk with its name and the chunk. */
async function echoServer(name: string): Promise<{ readonly port: number; readonly heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      heard.push(chunk.toString());
      socket.write(`${name}:${chunk}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, heard };
}

interface Caller {
  readonly socket: Socket;
  /** All that has arrived. */
  readonly got: () => string;
  readonly ended: Promise<string>;
}

async function call(proxy: TcpProxy): Promise<Caller> {
  const socket = connect(proxy.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('closed'));
  });
  onTestFinished(() => void socket.destroy());
  await Promise.race([once(socket, 'connect').catch(() => undefined), ended]);
  return { socket, got: () => text, ended };
}

async function scene() {
  const near = await echoServer('near');
  const proxy = await startTcpProxy(near.port);
  onTestFinished(() => proxy.close());
  return { near, proxy };
}

test('passes on both ways, and delays by what is asked, each way', async () => {
  const { proxy } = await scene();
  const caller = await call(proxy);
  caller.socket.write('a');
  await expect.poll(caller.got).toBe('near:a');
  proxy.delay(60);
  const from = performance.now();
  caller.socket.write('b');
  await expect.poll(caller.got).toBe('near:anear:b');
  expect(performance.now() - from).toBeGreaterThan(115);
});

test('resets what stands, once or again and again, and lets new ones in', async () => {
  const { proxy } = await scene();
  const first = await call(proxy);
  await expect.poll(() => proxy.counts.connections).toBe(1);
  expect(proxy.resetAll()).toBe(1);
  expect(await first.ended).toBe('ECONNRESET');
  proxy.resetEvery(30);
  for (let n = 0; n < 2; n += 1) expect(await (await call(proxy)).ended).toBe('ECONNRESET');
  proxy.resetEvery(0);
  expect(proxy.counts.resets).toBe(3);
});

test('refuses connections, then listens again on the same port', async () => {
  const { proxy } = await scene();
  const { port } = proxy;
  await proxy.refuse();
  expect(await (await call(proxy)).ended).toBe('ECONNREFUSED');
  await proxy.listen();
  expect(proxy.port).toBe(port);
  const caller = await call(proxy);
  caller.socket.write('a');
  await expect.poll(caller.got).toBe('near:a');
});

test.for(['toServer', 'toClient'] as const)('falls silent %s alone, and delivers late', async (way) => {
  const { near, proxy } = await scene();
  const caller = await call(proxy);
  proxy.silence(way);
  caller.socket.write('a');
  await expect.poll(() => proxy.counts.swallowed).toBeGreaterThan(0);
  expect(near.heard).toEqual(way === 'toServer' ? [] : ['a']);
  expect(caller.got()).toBe('');
  proxy.heal('delivered');
  await expect.poll(caller.got).toBe('near:a');
});

test('a black hole that is healed leaves old connections dead, and only new ones work', async () => {
  const { near, proxy } = await scene();
  const old = await call(proxy);
  proxy.silence('toServer', 'toClient');
  const within = await call(proxy);
  old.socket.write('a');
  within.socket.write('b');
  await expect.poll(() => proxy.counts.swallowed).toBe(2);
  proxy.heal('lost');
  old.socket.write('c');
  await expect.poll(() => proxy.counts.swallowed).toBe(3);
  const fresh = await call(proxy);
  fresh.socket.write('d');
  await expect.poll(fresh.got).toBe('near:d');
  expect([near.heard, old.got(), within.got()]).toEqual([['d'], '', '']);
});

test('leads new connections elsewhere', async () => {
  const { proxy } = await scene();
  const far = await echoServer('far');
  const old = await call(proxy);
  old.socket.write('a');
  await expect.poll(old.got).toBe('near:a');
  proxy.retarget(far.port);
  const fresh = await call(proxy);
  fresh.socket.write('b');
  await expect.poll(fresh.got).toBe('far:b');
  old.socket.write('c');
  await expect.poll(old.got).toBe('near:anear:c');
});
