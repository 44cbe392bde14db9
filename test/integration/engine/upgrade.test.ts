import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Switchyard } from '../../../src/index.js';
import * as switchyard from '../../../src/index.js';
import { useEngine } from '../../support/engine.js';
import { readSnapshot, restoreKeys } from '../../support/upgrade/snapshot.js';
import { type Effect, upgradeWorkflows } from '../../support/upgrade/workflows.js';

const recorded = readFileSync(new URL('../../support/upgrade/runs-26b7ee7.ndjson', import.meta.url), 'utf8');

/** What was recorded is kept for longer than anybody will run this test. */
const KEPT = { retention: { ageMs: 100 * 365 * 86_400_000 } };
/** A lost worker's job is found sooner than at the defaults. */
const QUICK = { stalledIntervalMs: 200 };

async function upgraded() {
  const effects: Effect[] = [];
  const { all } = upgradeWorkflows(switchyard, async (effect) => effects.push(effect), false);
  const engine = useEngine(all, KEPT);
  const snapshot = readSnapshot(recorded, engine.prefix);
  await restoreKeys(engine.redis, snapshot.keys);
  effects.push(...snapshot.effects);
  return { ...engine, effects, runOf: (name: string) => engine.sy.run(snapshot.runs[name] ?? name) };
}

const documentOf = async (run: ReturnType<Switchyard['run']>) => await run.wait('15s');

test('[P1] runs that the version before left in flight are finished by this one, and no effect is repeated', async () => {
  const { work, runOf, effects, redis, prefix } = await upgraded();
  await work(QUICK);
  const ends: Readonly<Record<string, object>> = {
    ended: { status: 'completed', output: ['one'] },
    'branch-left': { status: 'completed', output: ['completed', 'completed'] },
    'route-left': { status: 'completed', output: { result: 'late done' } },
    'escalation-left': { status: 'completed', output: { result: 'early done', escalation: 'escalation done' } },
    'step-left': { status: 'completed', output: ['one', 'two'] },
    'undo-left': { status: 'compensated', output: ['two', 'one'], error: { step: 'three' } },
    'accepted-fan-out': { status: 'completed' },
    'accepted-router': { status: 'completed', output: { escalation: 'escalation done' } },
    'accepted-saga': { status: 'completed', output: ['one', 'two'] },
    'worker-lost': { status: 'completed', output: ['one'] },
    'retry-delayed': { status: 'completed', output: ['one'] },
    'start-delayed': { status: 'completed', output: ['one', 'two'] },
  };
  const ended = await Promise.all(
    Object.keys(ends).map(async (name) => [name, await documentOf(runOf(name))] as const),
  );
  expect(Object.fromEntries(ended)).toMatchObject(ends);
  expect(effects.map(({ key }) => key).sort()).toEqual([...new Set(effects.map(({ key }) => key))].sort());
  expect(await redis.hget(`${prefix}:schema`, 'version')).toBe('1');
  expect(effects.filter(({ stage }) => stage === 'one.undo')).toHaveLength(1);
});

test('what the version before put before a person still stands there, and is counted as it was', async () => {
  const { sy, work, runOf } = await upgraded();
  await work(QUICK);
  expect(await documentOf(runOf('in-doubt'))).toMatchObject({ status: 'in_doubt', error: { step: 'one' } });
  expect(await documentOf(runOf('stuck'))).toMatchObject({ status: 'compensation_stuck', error: { step: 'one.undo' } });
  expect((await sy.list()).runs).toHaveLength(14);
  expect((await sy.list({ status: 'in_doubt' })).runs).toHaveLength(1);
});

test('[P5] a key that the version before took is known to this one', async () => {
  const { sy } = await upgraded();
  expect(await sy.start('trip', {}, { key: 'step-left' })).toMatchObject({ duplicate: true });
  await expect(sy.start('desk', { route: 'early', urgent: false }, { key: 'route-left' })).rejects.toMatchObject({
    code: 'KEY_CONFLICT',
  });
});
