/** The runs with a tag, from the tag's own index: one script per page, whatever the number of runs and of tags. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LIST_LOOK } from '../config.js';
import type { RedisKeys } from '../names.js';
import type { Script, ScriptRunner } from '../ports.js';
import { parseTag } from '../tags.js';

const LIST_TAGGED: Script = {
  name: 'list-tagged',
  lua: readFileSync(new URL('./lua/list-tagged.lua', import.meta.url), 'utf8'),
};

/** A run in the index: id, workflow, time of acceptance, phase, status, time of its end. */
export const Row = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.string()]);

const Reply = z.tuple([z.union([z.tuple([]), z.tuple([z.string(), z.string()])]), z.array(Row)]);

export interface TaggedQuery {
  readonly tag: string;
  readonly workflow: string;
  readonly status: string;
  readonly after: string;
  readonly createdAt: string;
  readonly count: number;
}

export interface TaggedPage {
  readonly rows: readonly z.infer<typeof Row>[];
  /** The last run that was looked at, with its time of acceptance; absent where there is no more. */
  readonly last?: readonly [run: string, createdAt: string];
}

export function createTaggedRuns(scripts: ScriptRunner, keys: RedisKeys): (query: TaggedQuery) => Promise<TaggedPage> {
  return async ({ tag, workflow, status, after, createdAt, count }) => {
    const reply = await scripts.run(
      LIST_TAGGED,
      [keys.tagged(parseTag(tag).join('='))],
      [keys.log(''), count, after, createdAt, LIST_LOOK, workflow, status],
    );
    const [last, rows] = Reply.parse(reply);
    return last.length === 0 ? { rows } : { rows, last };
  };
}
