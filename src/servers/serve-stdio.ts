/** A server over stdin and stdout, for the one client that started it. */
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

/** Milliseconds for which calls may still be answered after stdin has ended, as in `printf … | switchyard-weather`. */
const ANSWER_GRACE_MS = 1_000;

export interface StdioEndpoint {
  /** Settles when the client is gone: it closed our stdin, or died, which closes it too. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** @param out where the protocol goes; for a process whose own `stdout` others may write to */
export async function serveStdio(
  server: Server,
  inFlight: ReadonlySet<Promise<unknown>>,
  out: Writable = process.stdout,
): Promise<StdioEndpoint> {
  const ended = new Promise<void>((resolve) => {
    const answerAndEnd = () => {
      void Promise.race([Promise.allSettled(inFlight), sleep(ANSWER_GRACE_MS)]).then(() => setImmediate(resolve));
    };
    process.stdin.once('end', answerAndEnd).once('close', answerAndEnd);
    // The reader is gone; without a listener the broken pipe would be an uncaught exception.
    process.stdout.once('error', () => resolve());
    server.onclose = () => resolve();
  });
  await server.connect(new StdioServerTransport(process.stdin, out));
  return { ended, close: () => server.close() };
}
