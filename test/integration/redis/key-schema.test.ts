import { expect, test } from 'vitest';
import { assertKeySchema, type KeySchema } from '../../../src/adapters/key-schema.js';
import { openRedis } from '../../../src/adapters/redis.js';
import { useEngine } from '../../support/engine.js';
import { useRedis } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';
import { echo } from '../../support/workflows.js';

const release = '9.0.0';
const one: KeySchema = { version: 1, release: '0.1.0', upgrades: [] };
/** Version 2 keeps a count, version 3 doubles it: a step that ran twice, or out of turn, would show. */
const three: KeySchema = {
  version: 3,
  release,
  upgrades: [
    { from: 1, lua: "redis.call('SET', prefix .. ':count', redis.call('ZCARD', prefix .. ':index:*:*'))" },
    { from: 2, lua: "redis.call('SET', prefix .. ':count', 2 * redis.call('GET', prefix .. ':count'))" },
  ],
};

function useSchema() {
  const { redis, prefix, url } = useRedis();
  return {
    redis,
    prefix,
    url,
    check: (schema: KeySchema) => assertKeySchema(redis, prefix, silentLog, schema),
    mark: () => redis.hgetall(`${prefix}:schema`),
    /** A run in the index, as every version has it. */
    store: (run: string) => redis.zadd(`${prefix}:index:*:*`, 1, run),
    count: () => redis.get(`${prefix}:count`),
  };
}

test('the first start marks an empty prefix with its own version, and nothing is upgraded', async () => {
  const { check, mark, count } = useSchema();
  await check(three);
  expect(await mark()).toMatchObject({ version: '3', release });
  expect(await count()).toBeNull();
});

test('every use of a Switchyard marks its prefix', async () => {
  const { sy, redis, prefix } = useEngine([echo]);
  await sy.start(echo, {});
  expect(await redis.hget(`${prefix}:schema`, 'version')).toBe('1');
});

test('what was stored before there was a mark is version 1', async () => {
  const { check, mark, store } = useSchema();
  await store('a');
  await check(one);
  expect(await mark()).toMatchObject({ version: '1', release: '0.1.0' });
});

test('an earlier version is brought to ours step by step, and found so afterwards', async () => {
  const { check, mark, store, count } = useSchema();
  await check(one);
  await store('a');
  await store('b');
  await check(three);
  await check(three);
  expect(await mark()).toMatchObject({ version: '3', release });
  expect(await count()).toBe('4');
});

test('of many processes that start at once one upgrades', async () => {
  const { url, prefix, store, count, redis } = useSchema();
  await store('a');
  const clients = Array.from({ length: 12 }, () => openRedis(url, 'producer', { log: silentLog }));
  await Promise.all(clients.map((client) => assertKeySchema(client, prefix, silentLog, three)));
  for (const client of clients) client.disconnect();
  expect(await count()).toBe('2');
  expect(await redis.hget(`${prefix}:schema`, 'version')).toBe('3');
});

test('an upgrade that failed is taken up with the step that failed', async () => {
  const { check, mark, store, count } = useSchema();
  await store('a');
  const [first, second] = three.upgrades;
  const broken = { from: 2, lua: "error('out of luck')" };
  await expect(check({ ...three, upgrades: first ? [first, broken] : [] })).rejects.toThrow('out of luck');
  expect(await mark()).toMatchObject({ version: '2' });
  await check({ ...three, upgrades: second ? [second] : [] });
  expect(await count()).toBe('2');
});

test('a version without a step that leads from it is refused before anything is written', async () => {
  const { check, mark, store, count } = useSchema();
  await store('a');
  await expect(check({ ...three, upgrades: three.upgrades.slice(0, 1) })).rejects.toMatchObject({ code: 'INTERNAL' });
  expect([await mark(), await count()]).toEqual([{}, null]);
});

test('a later version than ours is refused, and the error says what to install', async () => {
  const { sy, redis, prefix } = useEngine([echo]);
  await assertKeySchema(redis, prefix, silentLog, three);
  await expect(sy.ready()).rejects.toMatchObject({
    code: 'REDIS_UNSUITABLE',
    message: expect.stringMatching(
      /has version 3, written by switchyard-mq 9\.0\.0.*Install switchyard-mq 9\.0\.0 or newer/,
    ),
  });
  await expect(sy.start(echo, {})).rejects.toMatchObject({ code: 'REDIS_UNSUITABLE' });
  await expect(sy.workers().start()).rejects.toMatchObject({ code: 'REDIS_UNSUITABLE' });
});

test.each(['x', '0', '1.5', ''])('a mark %j that we never wrote is refused', async (version) => {
  const { redis, prefix, check } = useSchema();
  await redis.hset(`${prefix}:schema`, 'version', version);
  await expect(check(one)).rejects.toMatchObject({
    code: 'REDIS_UNSUITABLE',
    message: expect.stringContaining('never written'),
  });
});

test('a user without commands that write passes where the mark is ours, and elsewhere is told why not', async () => {
  const { redis, prefix, url, check } = useSchema();
  const name = `reader-${prefix.slice(3, -1)}`;
  await redis.acl('SETUSER', name, 'on', '>pw', `~${prefix}:*`, '+@read', '+@scripting', '+info', '+@connection');
  const client = openRedis(url.replace(/\/\/[^@]*@|\/\//, `//${name}:pw@`), 'producer', { log: silentLog });
  try {
    await expect(assertKeySchema(client, prefix, silentLog, one)).rejects.toMatchObject({
      code: 'REDIS_UNSUITABLE',
      message: expect.stringContaining('may not write it. Start a worker'),
    });
    await check(one);
    await assertKeySchema(client, prefix, silentLog, one);
  } finally {
    client.disconnect();
    await redis.acl('DELUSER', name);
  }
});
