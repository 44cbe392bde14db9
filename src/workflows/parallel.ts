/** `parallel`: weather, files and database asked at once; what came back is kept, whatever else failed. */
import { z } from 'zod';
import { type BranchResult, tasksOf } from '../orchestrators/definition.js';
import { defineFanOut } from '../orchestrators/fan-out.js';
import type { TaskOutput } from '../task.js';
import { isCallFailure } from './call-each.js';
import { citiesIn } from './cities.js';
import { databaseBranch, filesBranch, weatherBranch } from './parallel-tasks.js';
import { querySchema } from './query-input.js';
import { searchTerms } from './search-terms.js';

type BranchName = 'weather' | 'files' | 'database';

/** What each branch found: an answer or `{ error }` by city, by `files_for_<term>`, by table. */
interface Findings {
  readonly weather?: TaskOutput<typeof weatherBranch>;
  readonly files?: TaskOutput<typeof filesBranch>;
  readonly database?: TaskOutput<typeof databaseBranch>;
}

export interface ParallelOutput {
  readonly query: string;
  /** From the run's acceptance to its end. */
  readonly processingTimeSeconds: number;
  readonly completedBranches: readonly BranchName[];
  readonly failedBranches: readonly BranchName[];
  readonly skippedBranches: readonly BranchName[];
  /** Why a skipped branch was not needed. */
  readonly skipReasons: Readonly<Partial<Record<BranchName, string>>>;
  readonly summary: string;
  /** Set when no branch failed. */
  readonly results?: Findings;
  /** Set, with `errors`, when some branch failed. */
  readonly partialResults?: Findings;
  readonly errors?: Readonly<Partial<Record<BranchName, { readonly code: string; readonly message: string }>>>;
}

/** What the summary may say of a branch all of whose calls succeeded, in this order; the seed's words. */
const CLAIMS: readonly (readonly [BranchName, string])[] = [
  ['weather', 'Weather data retrieved successfully'],
  ['files', 'File search completed'],
  ['database', 'Database queries executed'],
];

type Results = { readonly [Name in BranchName]: BranchResult<NonNullable<Findings[Name]>> };

function namesIn(results: Results, state: BranchResult['state']): readonly BranchName[] {
  return CLAIMS.map(([name]) => name).filter((name) => results[name].state === state);
}

/** Claims only what fully succeeded: not a skipped branch, and not one in which a call failed. */
function summarise(results: Results): string {
  const whole = CLAIMS.filter(([name]) => {
    const result = results[name];
    return result.state === 'completed' && !Object.values(result.output).some(isCallFailure);
  });
  const claims = whole.map(([, claim]) => claim).join('; ');
  const asked = CLAIMS.length - namesIn(results, 'skipped').length;
  if (whole.length === asked) return claims;
  if (namesIn(results, 'completed').length === 0) return 'No results available';
  return claims === '' ? 'Partial results available' : `Partial results available: ${claims}`;
}

function aggregate(results: Results, query: string, elapsedMs: number): ParallelOutput {
  const { weather, files, database } = results;
  const findings: Findings = {
    ...(weather.state === 'completed' && { weather: weather.output }),
    ...(files.state === 'completed' && { files: files.output }),
    ...(database.state === 'completed' && { database: database.output }),
  };
  const entries = CLAIMS.map(([name]) => [name, results[name]] as const);
  const errors = entries.flatMap(([name, result]) =>
    result.state === 'failed' ? [[name, { code: result.error.code, message: result.error.message }]] : [],
  );
  const skipped = entries.flatMap(([name, result]) => (result.state === 'skipped' ? [[name, result.reason]] : []));
  return {
    query,
    processingTimeSeconds: elapsedMs / 1_000,
    completedBranches: namesIn(results, 'completed'),
    failedBranches: namesIn(results, 'failed'),
    skippedBranches: namesIn(results, 'skipped'),
    skipReasons: Object.fromEntries(skipped),
    summary: summarise(results),
    ...(errors.length === 0 ? { results: findings } : { partialResults: findings, errors: Object.fromEntries(errors) }),
  };
}

/** Input `{ query }`; output {@link ParallelOutput}. */
export const parallel = defineFanOut({
  name: 'parallel',
  input: z
    .strictObject({ query: querySchema })
    .meta({ examples: [{ query: 'What is the weather in Paris, and how do customer orders stand?' }] }),
  branches: {
    weather: {
      run: weatherBranch,
      with: ({ query }) => ({ cities: [...citiesIn(query)] }),
      when: ({ query }) => query.toLowerCase().includes('weather') || 'the query does not ask for the weather',
    },
    files: { run: filesBranch, with: ({ query }) => ({ terms: [...searchTerms(query)] }) },
    database: { run: databaseBranch, with: ({ query }) => ({ query }) },
  },
  aggregate: (results, { input, elapsedMs }) => aggregate(results, input.query, elapsedMs),
});

export const parallelTasks = tasksOf(parallel);
