/** What Redis knows of many runs at once: one script per page, which reads no more than whether fields are there. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Retention } from '../config.js';
import type { FinalStatus } from '../facts.js';
import type { RedisKeys } from '../names.js';
import type { Clock, Script, ScriptRunner } from '../ports.js';
import type { KnownRun, RunKnowledge } from '../run-knowledge.js';

const KNOWN_RUNS: Script = {
  name: 'known-runs',
  lua: readFileSync(new URL('./lua/known-runs.lua', import.meta.url), 'utf8'),
};

const Names = z.array(z.string());
const Known = z.union([z.tuple([]), z.tuple([z.string(), z.string(), Names, Names])]);
const Reply = z.tuple([z.number(), z.string()], Known);

export function createRunKnowledge(
  scripts: ScriptRunner,
  keys: RedisKeys,
  retention: Retention,
  clock: Clock,
): RunKnowledge {
  return {
    async of(workflow, stages) {
      const asked = [...stages];
      const reply = await scripts.run(
        KNOWN_RUNS,
        [keys.index(workflow, 'ended')],
        [keys.log(''), JSON.stringify(asked.map(([run, names]) => [run, ...names]))],
      );
      const [kept, oldestEnd, ...known] = Reply.parse(reply);
      const runs = asked.flatMap(([run], at) => {
        const one = knownRun(known[at] ?? []);
        return one ? [[run, one] as const] : [];
      });
      // Where as many are kept as may be, one that ended before the oldest of them may have been dropped for its number.
      const byCount = kept >= retention.count ? Number(oldestEnd) : 0;
      return { runs: new Map(runs), keptSince: Math.max(clock.now() - retention.ageMs, byCount) };
    },
  };
}

function knownRun([version, status, recorded, undone]: z.infer<typeof Known>): KnownRun | undefined {
  if (version === undefined) return undefined;
  return {
    version: Number(version),
    ...(status && { status: status as FinalStatus }),
    recorded: new Set(recorded),
    undone: new Set(undone),
  };
}
