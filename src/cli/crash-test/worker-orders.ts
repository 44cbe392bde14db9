/** What the command tells a worker process, and what it hears back, over their channel. */
import { z } from 'zod';
import { ProxySettings } from '../../servers/recording-proxy/settings.js';
import { Order } from './order.js';
import { SubjectReference } from './subject.js';

export const Setup = z.object({
  kind: z.literal('setup'),
  subject: SubjectReference,
  redisUrl: z.string(),
  record: z.string(),
  /** Each server behind its proxy. */
  servers: z.array(ProxySettings),
  bindings: z.record(z.string(), z.unknown()),
  /** Where the worker lists the servers that it has started. */
  dataDir: z.string(),
  isVictim: z.boolean(),
  settings: z.record(z.string(), z.number()),
});
export type Setup = z.infer<typeof Setup>;

const Serve = z.object({
  kind: z.literal('serve'),
  prefix: z.string(),
  /** By run. */
  orders: z.record(z.string(), Order),
});
const Release = z.object({ kind: z.literal('release'), prefix: z.string() });

export const ToWorker = z.discriminatedUnion('kind', [Setup, Serve, Release]);
export type ToWorker = z.infer<typeof ToWorker>;

export const FromWorker = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('serving'), prefix: z.string() }),
  z.object({ kind: z.literal('released'), prefix: z.string() }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);
export type FromWorker = z.infer<typeof FromWorker>;
