import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FINAL_STATUSES, OPERATOR_STATUSES } from '../../../src/facts.js';

/** The words of a list that a script of Redis has of its own: it cannot import ours. */
async function wordsIn(path: string, list: RegExp): Promise<readonly string[]> {
  const [, words = ''] = list.exec(await readFile(path, 'utf8')) ?? [];
  return words.match(/\w+_?\w+(?= = true)|(?<=')[a-z_]+(?=')/g) ?? [];
}

describe('the states of a run', () => {
  it.each(['src/queues/lua/phases.lua', 'src/adapters/lua/list-runs.lua'])(
    'wait for a person in %s too',
    async (path) => {
      expect(await wordsIn(path, /local ASKS = \{([^}]*)\}/)).toEqual(OPERATOR_STATUSES);
    },
  );

  it('are all left when a run is dropped', async () => {
    expect(await wordsIn('src/lua/drop-run.lua', /\{ '\*', ([^}]*)\}/)).toEqual(FINAL_STATUSES);
  });
});
