/** The index of runs on Redis: one script per page. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LIST_PAGE } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { RedisKeys } from '../names.js';
import type { ListedRun, RunIndex, Script, ScriptRunner } from '../ports.js';
import { createTaggedRuns, Row } from './tagged-runs.js';

const LIST_RUNS: Script = {
  name: 'list-runs',
  lua: readFileSync(new URL('./lua/list-runs.lua', import.meta.url), 'utf8'),
};

const CURSOR = /^(\d+)_(.+)$/;

export function createRunIndex(scripts: ScriptRunner, keys: RedisKeys): RunIndex {
  const tagged = createTaggedRuns(scripts, keys);
  return {
    async list({ workflow = '*', status = '*', tag, cursor, limit = LIST_PAGE.default } = {}) {
      const [, createdAt = '0', after = ''] = cursor === undefined ? [] : cursorParts(cursor);
      const count = Math.min(Math.max(1, Math.trunc(limit)), LIST_PAGE.max);
      if (tag !== undefined) {
        const { rows: found, last: looked } = await tagged({ tag, workflow, status, after, createdAt, count });
        return { runs: found.map(listed), ...(looked && { cursor: `${looked[1]}_${looked[0]}` }) };
      }
      const reply = await scripts.run(
        LIST_RUNS,
        [keys.index(workflow, status)],
        [keys.log(''), count, after, createdAt],
      );
      const rows = z.array(Row).parse(reply);
      const last = rows.at(-1);
      return {
        runs: rows.map(listed),
        ...(last && rows.length === count && { cursor: `${last[2]}_${last[0]}` }),
      };
    },
  };
}

function cursorParts(cursor: string): readonly string[] {
  const parts = CURSOR.exec(cursor);
  if (!parts)
    throw new SwitchyardError('INVALID_INPUT', `"${cursor}" is no cursor: pass the one that came with the page before`);
  return parts;
}

function listed([id, workflow, createdAt, phase, status, finishedAt]: z.infer<typeof Row>): ListedRun {
  return {
    id,
    workflow,
    status: (status || phase || 'open') as ListedRun['status'],
    createdAt: Number(createdAt),
    ...(finishedAt !== '' && { finishedAt: Number(finishedAt) }),
  };
}
