/** Bull Board over all queues of the definitions. Read-only: its retry and remove act on single jobs, and break runs. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import type { QueuePool } from '../queues/queue-pool.js';

export const BULL_BOARD_PATH = '/admin/queues';

/** Its page asks for fonts from elsewhere, which would tell others who looks at these queues; it does without them. */
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
    queues: queues.map((name) => new BullMQAdapter(pool.get(name), { readOnlyMode: true })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Switchyard' } },
  });
  await server.register(
    async (scope) => {
      scope.addHook('onSend', async (_request, reply) => {
        reply.headers(HEADERS);
      });
      await scope.register(adapter.registerPlugin());
    },
    { prefix: BULL_BOARD_PATH },
  );
}
