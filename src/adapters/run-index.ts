/** The index of runs on Redis: one script per page. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LIST_LOOK, LIST_PAGE } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { RedisKeys } from '../names.js';
import { COUNTED, type ListedRun, type RunCounts, type RunIndex, type Script, type ScriptRunner } from '../ports.js';
import { parseTag } from '../tags.js';

const LIST_RUNS: Script = {
  name: 'list-runs',
  lua: readFileSync(new URL('./lua/list-runs.lua', import.meta.url), 'utf8'),
};

const COUNT_RUNS: Script = {
  name: 'count-runs',
  lua: readFileSync(new URL('./lua/count-runs.lua', import.meta.url), 'utf8'),
};

const Row = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.string()]);
const Page = z.tuple([z.string(), z.string(), z.enum(['0', '1'])], Row);

const CURSOR = /^(\d+)_(.+)$/;

export function createRunIndex(scripts: ScriptRunner, keys: RedisKeys): RunIndex {
  return {
    async list({ workflow = '*', status = '*', tag, cursor, limit = LIST_PAGE.default, from, to, text = '' } = {}) {
      const [, createdAt = '0', after = ''] = cursor === undefined ? [] : cursorParts(cursor);
      const count = Math.min(Math.max(1, Math.trunc(limit)), LIST_PAGE.max);
      const reply = await scripts.run(
        LIST_RUNS,
        [tag === undefined ? keys.index(workflow, status) : keys.tagged(parseTag(tag).join('='))],
        [
          ...[keys.log(''), count, after, createdAt, from ?? '-inf', to ?? '+inf', text],
          // Of a tag's runs each record has to be read that is looked at.
          ...(tag === undefined ? [LIST_PAGE.looked, '*', '*'] : [LIST_LOOK, workflow, status]),
        ],
      );
      const [last, acceptedAt, more, ...rows] = Page.parse(reply);
      const next = last === '' ? cursor : `${acceptedAt}_${last}`;
      return { runs: rows.map(listed), ...(more === '1' && next !== undefined && { cursor: next }) };
    },

    async counts(workflows) {
      const places = workflows.flatMap((workflow) => COUNTED.map((status) => [workflow, status] as const));
      if (places.length === 0) return {};
      const reply = await scripts.run(
        COUNT_RUNS,
        places.map(([workflow, status]) => keys.index(workflow, status)),
        [],
      );
      const counts = z.array(z.number()).length(places.length).parse(reply);
      return Object.fromEntries(
        workflows.map((workflow, at) => [
          workflow,
          Object.fromEntries(COUNTED.map((status, of) => [status, counts[at * COUNTED.length + of]])) as RunCounts,
        ]),
      );
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
