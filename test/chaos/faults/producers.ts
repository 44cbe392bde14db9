/** Clients: while Redis is gone or silent, and when several say the same at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { SwitchyardError } from '../../../src/errors.js';
import { order } from '../../../src/workflows/order.js';
import type { Shop } from '../../support/faults/shop.js';
import type { FaultEnv, FaultReport } from './fault.js';
import { audit, report, type ShopScene, withShop } from './with-shop.js';

/** 2.5 s by promise; the rest is for a machine that is busy. */
const REFUSED_WITHIN_MS = 3_000;

/**
 * Redis dies, then is frozen, then is cut off without a word: each time every client is told REDIS_UNAVAILABLE in time, and
 * whoever holds an id finds its run there afterwards.
 */
export async function redisDownForProducers(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, { workers: 1 }, async (scene) => {
    const { shop, redis, proxy } = scene;
    const sy = shop.client();
    await sy.ready();
    const outages: { readonly name: string; begin(): unknown; end(): unknown }[] = [
      { name: 'killed', begin: redis.kill, end: redis.start },
      { name: 'frozen', begin: redis.freeze, end: redis.thaw },
    ];
    // Its workers take a while to notice that their connections are dead.
    const silent = {
      name: 'silent',
      begin: () => proxy.silence('toServer', 'toClient'),
      end: () => proxy.heal('lost'),
    };
    if (!env.quick) outages.push(silent);
    const each = Math.ceil(env.runs / outages.length);
    const violations: string[] = [];
    const counts: Record<string, number> = {};
    for (const [nth, { name, begin, end }] of outages.entries()) {
      await begin();
      const orders = Array.from({ length: each }, (_, at) => nth * each + at);
      const answers = await Promise.all(orders.map((at) => refusal(scene, sy, at)));
      await end();
      const longest = Math.max(...answers.map(({ ms }) => ms));
      counts[`${name}: longest refusal, ms`] = Math.round(longest);
      violations.push(
        ...answers.flatMap(({ code }) => (code === 'REDIS_UNAVAILABLE' ? [] : [`while Redis is ${name}: ${code}`])),
        ...(longest > REFUSED_WITHIN_MS ? [`while Redis is ${name}, a client waited ${longest} ms`] : []),
      );
      // The same orders again, by their keys: what was done without an answer is found, not done twice.
      await shop.submit(shop.client(), orders[0] ?? 0, (orders.at(-1) ?? 0) + 1);
    }
    const audited = await audit(shop);
    return report(shop, audited, { faults: { outages: outages.length }, counts, violations });
  });
}

async function refusal({ shop }: ShopScene, sy: ReturnType<Shop['client']>, at: number) {
  const from = performance.now();
  const code = await sy.start(order, shop.order(at).input, { key: `order-${at}` }).then(
    ({ id }) => `accepted ${id}`,
    (error: unknown) => (error instanceof SwitchyardError ? error.code : String(error)),
  );
  return { code, ms: performance.now() - from };
}

const CLIENTS = { quick: 2, full: 4 };
const PROGRAM = fileURLToPath(new URL('../../support/faults/submit-program.ts', import.meta.url));
const Told = z.array(z.object({ key: z.string(), id: z.string(), duplicate: z.boolean() }));

/** Several processes submit the same orders at the same moment: one run each, and one of them is told that it is the first. */
export async function duplicateSubmits(env: FaultEnv): Promise<FaultReport> {
  const count = env.quick ? CLIENTS.quick : CLIENTS.full;
  return await withShop(env, {}, async ({ shop, proxy, redis }) => {
    const orders = Array.from({ length: env.runs }, (_, at) => ({ key: `order-${at}`, input: shop.order(at).input }));
    const url = proxy.url(redis.url);
    const clients = await Promise.all(Array.from({ length: count }, () => startClient(url, shop.prefix, orders)));
    const told = (await Promise.all(clients.map((submit) => submit()))).flat();
    const violations = orders.flatMap(({ key }) => {
      const own = told.filter((one) => one.key === key);
      const [ids, firsts] = [new Set(own.map(({ id }) => id)), own.filter(({ duplicate }) => !duplicate)];
      if (ids.size === 1 && firsts.length === 1 && own.length === count) return [];
      return [`I6 ${key}: ${own.length} answers, ${ids.size} runs, ${firsts.length} firsts`];
    });
    // Once more by the shop's own client, whose journal the audit reads.
    await shop.submit(shop.client(), 0, env.runs);
    const other = { ...shop.order(0).input, amountMinor: 1 };
    const conflict = await shop
      .client()
      .start(order, other, { key: 'order-0' })
      .then(
        () => 'accepted',
        (error: unknown) => (error instanceof SwitchyardError ? error.code : String(error)),
      );
    if (conflict !== 'KEY_CONFLICT') violations.push(`I6 order-0 with another input: ${conflict}`);
    const duplicates = told.filter(({ duplicate }) => duplicate).length;
    return report(shop, await audit(shop), { faults: { duplicates }, violations });
  });
}

/** A client process that is ready; called, it submits, and resolves to what it was told. */
async function startClient(url: string, prefix: string, orders: unknown): Promise<() => Promise<z.infer<typeof Told>>> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, prefix, JSON.stringify(orders)], {
    env: { ...process.env, REDIS_URL: url },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a client ended early, with ${code}`)));
  ended.catch(() => {});
  await Promise.race([lines.next(), ended]);
  return async () => {
    child.stdin.write('go\n');
    const line = await Promise.race([lines.next(), ended]);
    return Told.parse(JSON.parse(String(line.value)));
  };
}
