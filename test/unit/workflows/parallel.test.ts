import { describe, expect, it } from 'vitest';
import { MAX_QUERY_LENGTH } from '../../../src/config.js';
import { parallel } from '../../../src/workflows/index.js';
import { type Rehearsal, rehearse, type ScriptedTools } from './rehearse.js';
import { isUnavailable, refuses, scriptedTools, timesOut } from './scripted-tools.js';

const ask = (query: string, tools: ScriptedTools = scriptedTools()) => rehearse(parallel, { query }, tools);

const callsTo = (run: Rehearsal<unknown>, capability: string) =>
  run.calls.filter((call) => call.capability === capability);

const weatherOnlyIn = (...cities: string[]) =>
  scriptedTools({
    'weather.get_current_weather': ({ city }) =>
      cities.includes(String(city)) ? { city, temp: 20, condition: 'Sunny' } : timesOut(),
  });

describe('parallel: everything well', () => {
  it('answers by city, by term and by table, and claims all three branches', async () => {
    const { status, output } = await ask('Compare the WEATHER in paris and New  York, budget report');

    expect(status).toBe('completed');
    expect(output).toMatchObject({
      query: 'Compare the WEATHER in paris and New  York, budget report',
      processingTimeSeconds: 1.5,
      completedBranches: ['weather', 'files', 'database'],
      failedBranches: [],
      skippedBranches: [],
      skipReasons: {},
      summary: 'Weather data retrieved successfully; File search completed; Database queries executed',
    });
    expect(Object.keys(output.results?.weather ?? {})).toEqual(['New York', 'Paris']);
    expect(Object.keys(output.results?.files ?? {})).toEqual([
      'files_for_compare',
      'files_for_weather',
      'files_for_paris',
    ]);
    expect(Object.keys(output.results?.database ?? {})).toEqual(['user_data', 'historical_data', 'metadata']);
    expect(output).not.toHaveProperty('partialResults');
    expect(output).not.toHaveProperty('errors');
  });

  it('gives each tool what it asks for, with its own timeout, as a call that may be repeated', async () => {
    const run = await ask('weather report');

    expect(callsTo(run, 'weather.get_current_weather')).toEqual([
      {
        capability: 'weather.get_current_weather',
        args: { city: 'London' },
        options: { timeout: '5s', idempotent: true },
      },
    ]);
    expect(callsTo(run, 'files.search_files').map(({ args, options }) => ({ args, options }))).toEqual([
      { args: { pattern: '*weather*', search_type: 'name' }, options: { timeout: '10s', idempotent: true } },
      { args: { pattern: '*report*', search_type: 'name' }, options: { timeout: '10s', idempotent: true } },
    ]);
    expect(callsTo(run, 'database.query')[1]).toMatchObject({
      args: { table: 'historical_data', query: 'weather report' },
      options: { timeout: '15s', idempotent: true },
    });
  });

  it('skips the weather with a reason when nobody asks for it', async () => {
    const { status, output } = await ask('budget report for London');

    expect(status).toBe('completed');
    expect(output.skippedBranches).toEqual(['weather']);
    expect(output.skipReasons).toEqual({ weather: 'the query does not ask for the weather' });
    expect(output.results).not.toHaveProperty('weather');
    expect(output.summary).toBe('File search completed; Database queries executed');
  });

  it('completes the files branch without a call when no word is worth a search', async () => {
    const { status, output, calls } = await ask('who am i');

    expect(status).toBe('completed');
    expect(output.completedBranches).toContain('files');
    expect(output.results?.files).toEqual({});
    expect(calls.every((call) => call.capability === 'database.query')).toBe(true);
  });
});

describe('parallel: some calls fail', () => {
  it('keeps the siblings of a failed call and reports it under its own key', async () => {
    const { status, output } = await ask('weather in London and Paris', weatherOnlyIn('London'));

    expect(status).toBe('completed');
    expect(output.completedBranches).toContain('weather');
    expect(output.results?.weather).toEqual({
      London: { city: 'London', temp: 20, condition: 'Sunny' },
      Paris: { error: { code: 'TOOL_TIMEOUT', message: 'no answer within the timeout' } },
    });
    expect(output.summary).toBe('Partial results available: File search completed; Database queries executed');
  });

  it('takes an answer of another shape for a failure of that call', async () => {
    const tools = scriptedTools({
      'weather.get_current_weather': ({ city }) =>
        city === 'Tokyo' ? { oops: 1 } : { city, temp: 1, condition: 'Fog' },
    });
    const { output } = await ask('weather in Tokyo and Sydney', tools);

    expect(output.results?.weather?.Tokyo).toMatchObject({ error: { code: 'ANSWER_MISMATCH' } });
    expect(output.results?.weather?.Sydney).toMatchObject({ temp: 1 });
  });
});

describe('parallel: a branch fails', () => {
  it('is partial, with the other branches’ results and the error by branch', async () => {
    const { status, output } = await ask('weather report', weatherOnlyIn());

    expect(status).toBe('partial');
    expect(output).toMatchObject({
      completedBranches: ['files', 'database'],
      failedBranches: ['weather'],
      errors: { weather: { code: 'TOOL_TIMEOUT', message: expect.stringContaining('London') } },
    });
    expect(Object.keys(output.partialResults ?? {})).toEqual(['files', 'database']);
    expect(output).not.toHaveProperty('results');
    expect(output.summary).not.toContain('Weather');
  });

  it('does not wait a second time for a tool that hangs', async () => {
    const run = await ask('weather report', weatherOnlyIn());

    expect(callsTo(run, 'weather.get_current_weather')).toHaveLength(1);
  });

  it('tries a branch again whose server could not be reached', async () => {
    let failures = 1;
    const tools = scriptedTools({
      'weather.get_current_weather': ({ city }) => {
        failures -= 1;
        return failures >= 0 ? isUnavailable() : { city, temp: 3, condition: 'Rain' };
      },
    });
    const { status, output } = await ask('weather', tools);

    expect(status).toBe('completed');
    expect(output.results?.weather).toHaveProperty('London.temp', 3);
  });

  it('fails the run when every branch that was not skipped failed', async () => {
    const tools = scriptedTools({ 'files.search_files': refuses, 'database.query': refuses });
    const { status, output, error } = await ask('budget report', tools);

    expect(status).toBe('failed');
    expect(error?.code).toBe('ALL_BRANCHES_FAILED');
    expect(output).toMatchObject({
      failedBranches: ['files', 'database'],
      skippedBranches: ['weather'],
      summary: 'No results available',
    });
  });
});

describe('parallel: large answers', () => {
  it('keeps what fits into a run and says that the rest was left out', async () => {
    const results = Array.from({ length: 4_000 }, (_, index) => `folder/with/a/long/name/file-${index}.txt`);
    const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, content: 'x'.repeat(200) }));
    const tools = scriptedTools({
      'files.search_files': () => ({ total: 4_000, results }),
      'database.query': () => ({ total: 1_000, rows }),
    });
    const { status, output } = await ask('alpha bravo charlie delta', tools);

    expect(status).toBe('completed');
    expect(Buffer.byteLength(JSON.stringify(output))).toBeLessThan(100 * 1024);
    expect(output.results?.database?.metadata).toMatchObject({ total: 1_000, truncated: true });
    expect(output.results?.files?.files_for_alpha).toMatchObject({ total: 4_000, truncated: true });
  });
});

describe('parallel: input', () => {
  it.each([
    ['empty', { query: '' }],
    ['blank', { query: '  \n ' }],
    ['too long', { query: 'x'.repeat(MAX_QUERY_LENGTH + 1) }],
    ['not text', { query: 7 }],
    ['missing', {}],
    ['with a field that does not exist', { query: 'weather', citys: ['Paris'] }],
  ])('refuses a query that is %s', (_why, input) => {
    expect(parallel.input.safeParse(input).success).toBe(false);
  });

  it('accepts the longest query', () => {
    expect(parallel.input.safeParse({ query: 'x'.repeat(MAX_QUERY_LENGTH) }).success).toBe(true);
  });
});
