/**
 * Bull Board over all queues of the definitions. Read-only: its retry and remove act on single jobs, and break runs. And
 * without payloads.
 */
import { createBullBoard } from '@bull-board/api';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import type { QueuePool } from '../queues/queue-pool.js';
import { boardQueue } from './board-queue.js';

export const BULL_BOARD_PATH = '/admin/queues';

/**
 * Its page asks for fonts from elsewhere, which would tell others who looks at these queues; it does without them. The
 * policy refuses whatever is asked for elsewhere; the link is taken out so that the browser reports no refusal.
 */
const FONTS_ELSEWHERE = /<link\b[^>]*\bhref="https:\/\/fonts\.[^>]*>/g;
const runPage = (run: string) => `/runs/${encodeURIComponent(run)}`;

/** Jobs of one page, each with up to 640 KiB of payloads, which are read whole before they are redacted. */
const MAX_JOBS_PER_PAGE = 100;

const HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

export async function mountBullBoard(
  server: FastifyInstance,
  pool: QueuePool,
  queues: readonly string[],
): Promise<void> {
  const adapter = new FastifyAdapter();
  adapter.setBasePath(BULL_BOARD_PATH);
  createBullBoard({
    queues: queues.map((name) => boardQueue(pool, name, { runPage })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Switchyard' } },
  });
  await server.register(
    async (scope) => {
      scope.addHook('preHandler', async ({ query }) => {
        const asked: { jobsPerPage?: unknown } = Object(query);
        if (Number(asked.jobsPerPage) > MAX_JOBS_PER_PAGE) asked.jobsPerPage = String(MAX_JOBS_PER_PAGE);
      });
      scope.addHook('onSend', async (_request, reply, payload) => {
        reply.headers(HEADERS);
        const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
        if (!isPage || typeof payload !== 'string') return payload;
        // The length that was told is that of the page before.
        reply.removeHeader('content-length');
        return payload.replace(FONTS_ELSEWHERE, '');
      });
      await scope.register(adapter.registerPlugin());
    },
    { prefix: BULL_BOARD_PATH },
  );
}
