/** The three branches of `parallel`: each makes all its calls at once and keeps what came back. */
import { z } from 'zod';
import { defineTask } from '../task.js';
import { callEach, callFailureSchema } from './call-each.js';
import { shippedContracts } from './capabilities.js';
import { keepFirst } from './keep-first.js';
import { readTool } from './read-tool.js';

/** Per call, in place repeats included; the seed's. */
const CALL_TIMEOUT = { weather: '5s', files: '10s', database: '15s' } as const;

/** A little more than the call's, so that a call's own timeout is what ends it and its siblings' answers are kept. */
const BRANCH_TIMEOUT = { weather: '6s', files: '11s', database: '16s' } as const;

/** Two: a server that is just being restarted is back for the second. A call that hung is not repeated. */
const BRANCH_ATTEMPTS = 2;

/** Bytes of JSON kept per call: with three calls each, both branches fit into one run's output (128 KiB). */
const KEPT_BYTES = { paths: 10 * 1024, rows: 20 * 1024 } as const;

/** The tables that every query is put to; the seed's. */
const TABLES = ['user_data', 'historical_data', 'metadata'] as const;

/** By key: an answer, or `{ error: { code, message } }`. */
function resultsByKey<Schema extends z.ZodType>(answer: Schema) {
  return z.record(z.string(), z.union([callFailureSchema, answer]));
}

/** Current weather of each city, by city. */
export const weatherBranch = defineTask({
  name: 'parallel.weather',
  idempotent: true,
  attempts: BRANCH_ATTEMPTS,
  timeout: BRANCH_TIMEOUT.weather,
  input: z.object({ cities: z.array(z.string()) }),
  output: resultsByKey(shippedContracts['weather.get_current_weather'].output),
  run: ({ cities }, context) =>
    callEach(
      cities,
      (city) => readTool(context, 'weather.get_current_weather', { city }, CALL_TIMEOUT.weather),
      context,
    ),
});

/** Files whose name contains a term, by `files_for_<term>`. */
export const filesBranch = defineTask({
  name: 'parallel.files',
  idempotent: true,
  attempts: BRANCH_ATTEMPTS,
  timeout: BRANCH_TIMEOUT.files,
  input: z.object({ terms: z.array(z.string()) }),
  output: resultsByKey(shippedContracts['files.search_files'].output),
  run: ({ terms }, context) => {
    const pattern = new Map(terms.map((term) => [`files_for_${term}`, `*${term}*`]));
    return callEach(
      [...pattern.keys()],
      async (key) => {
        const found = await readTool(
          context,
          'files.search_files',
          { pattern: pattern.get(key), search_type: 'name' },
          CALL_TIMEOUT.files,
        );
        const kept = keepFirst(found.results, KEPT_BYTES.paths);
        return { ...found, results: kept.items, truncated: found.truncated || kept.truncated };
      },
      context,
    );
  },
});

/** Rows that match the query, by table. */
export const databaseBranch = defineTask({
  name: 'parallel.database',
  idempotent: true,
  attempts: BRANCH_ATTEMPTS,
  timeout: BRANCH_TIMEOUT.database,
  input: z.object({ query: z.string() }),
  output: resultsByKey(shippedContracts['database.query'].output),
  run: ({ query }, context) =>
    callEach(
      TABLES,
      async (table) => {
        const found = await readTool(context, 'database.query', { table, query }, CALL_TIMEOUT.database);
        const kept = keepFirst(found.rows, KEPT_BYTES.rows);
        return { ...found, rows: kept.items, truncated: found.truncated || kept.truncated };
      },
      context,
    ),
});
