/**
 * Closing without cutting anybody off: what is being answered is answered, within a grace. What has not asked anything is
 * closed at once; Node takes a connection on which no request has come yet for a busy one, and browsers open such ones.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** How long what is being answered may take. */
const GRACE_MS = 5_000;
/** A connection that has had its last answer meanwhile stays open, idle, for as long as it is kept alive. */
const IDLE_CHECK_MS = 50;

/** @returns closes the server; to be called once */
export function gracefulClose(server: FastifyInstance): () => Promise<void> {
  const http: Server = server.server;
  const silent = new Set<Socket>();
  http.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  http.on('request', ({ socket }) => silent.delete(socket));
  return async () => {
    for (const socket of silent) socket.destroy();
    const idle = setInterval(() => http.closeIdleConnections(), IDLE_CHECK_MS);
    const late = setTimeout(() => http.closeAllConnections(), GRACE_MS);
    await server.close();
    clearInterval(idle);
    clearTimeout(late);
  };
}
