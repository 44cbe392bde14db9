/** So many requests in a while from one address, whatever they are about; also those that are refused, or tokens could be tried at leisure. */
import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import type { RateLimit } from '../api-settings.js';
import { SwitchyardError } from '../errors.js';
import { OPEN_PATHS } from './admission.js';

/** A page that is watched asks a few times a second; a program that starts runs may ask a hundred times. */
export const DEFAULT_RATE_LIMIT: RateLimit = { max: 1_000, windowMs: 10_000 };

export async function limitRate(server: FastifyInstance, limit: RateLimit | false): Promise<void> {
  if (limit === false) return;
  const { max, windowMs } = limit;
  await server.register(fastifyRateLimit, { global: false });
  const check = server.createRateLimit({ max, timeWindow: windowMs });
  server.addHook('onRequest', async (request) => {
    if (OPEN_PATHS.has(request.url.split('?')[0] ?? '')) return;
    const found = await check(request);
    if (found.isAllowed || !found.isExceeded) return;
    throw new SwitchyardError(
      'RATE_LIMITED',
      `More than ${max} requests in ${windowMs / 1000} s from ${request.ip}: come back in ${found.ttlInSeconds} s.`,
      { retryAfterMs: found.ttlInSeconds * 1_000 },
    );
  });
}
