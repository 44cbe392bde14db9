/** For probes: whether the process answers, and whether it can do its work. */
import { z } from 'zod';
import { SwitchyardError } from '../../errors.js';
import type { ApiContext } from '../context.js';
import { problems } from '../shapes/problem.js';
import type { ApiServer } from '../zod-server.js';

export function addHealthRoutes(server: ApiServer, { ping, redis }: ApiContext): void {
  server.get(
    '/healthz',
    {
      schema: {
        operationId: 'isAlive',
        summary: 'Answers',
        tags: ['health'],
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' }),
  );
  server.get(
    '/readyz',
    {
      schema: {
        operationId: 'isReady',
        summary: 'Redis answers',
        tags: ['health'],
        response: { 200: z.object({ status: z.literal('ready') }), ...problems(503) },
      },
    },
    async () => {
      try {
        await ping();
        return { status: 'ready' };
      } catch (cause) {
        throw new SwitchyardError('REDIS_UNAVAILABLE', `Redis at ${redis} does not answer.`, { cause });
      }
    },
  );
}
