import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readInput } from '../../../src/cli/commands/read-input.js';
import { Closing } from '../../../src/cli/demo/closing.js';
import { exitCodeOf, isUnsettled } from '../../../src/cli/exit-code.js';
import { runCli } from '../../../src/cli/program.js';
import { loadProject } from '../../../src/cli/project.js';
import { reportError } from '../../../src/cli/report-error.js';
import { provideSampleFiles } from '../../../src/cli/sample-files.js';
import { durationMs, readSettings, wholeNumber } from '../../../src/cli/settings.js';
import { SwitchyardError } from '../../../src/errors.js';
import type { RunStatus } from '../../../src/facts.js';
import { describeIssues } from '../../../src/schema.js';

const PACKAGE = new URL('../../../src/index.ts', import.meta.url).href;
const ZOD = import.meta.resolve('zod');

function recorder() {
  const written: string[] = [];
  const screen = {
    write: (text: string) => void written.push(text),
    isTty: false,
    columns: 100,
    rows: 24,
    colors: pc.createColors(false),
  };
  return { screen, text: () => written.join('') };
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'switchyard-cli-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function run(...argv: string[]) {
  const [out, err] = [recorder(), recorder()];
  const code = await runCli(argv, { out: out.screen, err: err.screen });
  return { code, out: out.text(), err: err.text() };
}

describe('exit codes', () => {
  it.each<[RunStatus, number]>([
    ['completed', 0],
    ['partial', 0],
    ['failed', 1],
    ['cancelled', 1],
    ['compensated', 1],
    ['waiting_approval', 4],
    ['in_doubt', 4],
    ['compensation_stuck', 4],
    ['queued', 5],
    ['running', 5],
    ['compensating', 5],
  ])('%s is %d', (status, code) => {
    expect(exitCodeOf(status)).toBe(code);
    expect(isUnsettled(status)).toBe(code === 5);
  });
});

describe('the command line', () => {
  it('explains itself, with examples and exit codes, and lists no command that is not there', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    for (const word of ['demo', 'up', 'down', 'worker', 'api', 'enqueue', 'runs', 'show', 'Examples:', 'Exit codes:'])
      expect(out).toContain(word);
    for (const word of ['cancel', 'resume', 'resolve', 'skip', 'abandon', 'approve', 'reject', 'signal', 'retry'])
      expect(out).toContain(word);
    for (const word of ['mcp', 'doctor', 'tools']) expect(out).toMatch(new RegExp(`^  ${word} `, 'm'));
    for (const word of ['erase', 'pause', 'unpause', 'paused', 'queues', 'limit', 'schedules'])
      expect(out).toContain(word);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect((await run()).out).toBe(out);
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([
    [['enqueu'], 'Did you mean enqueue?'],
    [['runs', '--stauts', 'failed'], "unknown option '--stauts'"],
    [['enqueue'], "missing required argument 'workflow'"],
    [['runs', '--status', 'done'], 'use open, compensating'],
    [['runs', '--limit', '0'], 'from 1 to 200'],
    [['up', '--port', '70000'], 'from 0 (any free one) to 65535'],
    [['enqueue', 'parallel', '{}', '--delay', 'soon'], '--delay=5s'],
    [['enqueue', '--wait', 'parallel', '{}'], 'Put --wait last'],
    [['enqueue', 'parallel', "{'query':1}"], 'not JSON at line 1, column 2'],
    [['enqueue', 'parallel', '@/nowhere.json'], 'Cannot read the input from /nowhere.json'],
    [['mcp', '--http', '--host', '0.0.0.0'], 'SWITCHYARD_TOKEN'],
    [['mcp', '--port', '1'], '--port needs --http'],
    [['doctor', '--runs', '1001'], 'from 0 to 1000'],
    [['enqueue', 'paralel', '{}'], 'known here: parallel, support, order'],
    [['enqueue', 'parallel', '{}', '--tag', 'foo'], '"foo" is a name without a value: give'],
    [['schedules', 'bogus'], 'no command "schedules bogus": there are set, pause, resume, remove;'],
    [['runs', 'bogus'], 'Expected 0 arguments but got 1. `switchyard --help`'],
    [['tools'], 'pull'],
  ])('%j is refused with 2 and a way out', async (argv, hint) => {
    const { code, out, err } = await run(...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.replace(/\s+/g, ' ')).toContain(hint);
    expect(err).not.toMatch(/\n\s+at /);
    expect(err).not.toContain('..');
  });

  it('with --json an error is one document, whoever found it', async () => {
    for (const argv of [
      ['enqueu', '--json'],
      ['--json', 'enqueue', 'paralel', '{}'],
    ]) {
      const document: unknown = JSON.parse((await run(...argv)).err);
      expect(document).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
    }
  });
});

describe('settings', () => {
  it('come from flags, then the environment, then defaults; an empty variable is not set', () => {
    const env = { REDIS_URL: 'redis://env', SWITCHYARD_PORT: '1', SWITCHYARD_DATA_DIR: 'env-data', SWITCHYARD_MCP: '' };
    expect(readSettings({ redis: 'redis://flag', port: '2' }, env)).toMatchObject({
      redisUrl: 'redis://flag',
      port: 2,
      dataDir: resolve('env-data'),
      mcp: undefined,
    });
    expect(readSettings({}, { REDIS_URL: '' })).toEqual({
      json: false,
      dev: false,
      redisUrl: undefined,
      port: 7420,
      dataDir: resolve('.switchyard'),
      mcp: undefined,
      config: undefined,
    });
  });

  it('numbers and durations name their flag when they are none', () => {
    expect(durationMs('--delay', '1500')).toBe(1_500);
    expect(durationMs('--delay', '2m')).toBe(120_000);
    expect(() => durationMs('--delay', '-1s')).toThrow(/--delay is "-1s"/);
    expect(wholeNumber('--limit', '7', { min: 1, max: 9 })).toBe(7);
    expect(() => wholeNumber('--limit', '1e1', { min: 1, max: 9 })).toThrow(/--limit/);
  });
});

describe('an error', () => {
  it('gives each refused part a line with its path, and no sentence twice', () => {
    const { screen, text } = recorder();
    const issues = [
      { path: 'items.0.quantity', message: 'too small' },
      { path: '', message: 'unknown key' },
    ];
    const message = 'workflow "order" refuses this input: items.0.quantity: too small; (the whole): unknown key';
    expect(reportError(new SwitchyardError('INVALID_INPUT', message, { issues }), screen, { json: false })).toBe(2);
    expect(text()).toBe(
      '✗ INVALID_INPUT\n  workflow "order" refuses this input\n    items.0.quantity  too small\n    (all)             unknown key\n',
    );
  });

  it('keeps two blanks between a path and its message, however long or short the path is', () => {
    const path = `deep.${'x'.repeat(50)}`;
    for (const [issue, line] of [
      [{ path: '', message: 'Unrecognized key: "x"' }, '    (all)  Unrecognized key: "x"\n'],
      [{ path, message: 'too small' }, `    ${path}  too small\n`],
    ] as const) {
      const { screen, text } = recorder();
      const message = `refused: ${describeIssues([issue])}`;
      reportError(new SwitchyardError('INVALID_INPUT', message, { issues: [issue] }), screen, { json: false });
      expect(text()).toBe(`✗ INVALID_INPUT\n  refused\n${line}`);
    }
  });

  it('that nobody expected is INTERNAL, without its stack', () => {
    const { screen, text } = recorder();
    expect(reportError(new TypeError('x is not a function'), screen, { json: false })).toBe(1);
    expect(text()).toContain('✗ INTERNAL\n  x is not a function (set SWITCHYARD_DEBUG=1 to see where)\n');
  });
});

describe('the configuration', () => {
  it('is found in the folder; without one the shipped workflows run', async () => {
    const path = await folder();
    expect((await loadProject(undefined, path)).workflows.map(({ name }) => name)).toEqual([
      'parallel',
      'support',
      'order',
    ]);
    const mine = `defineFanOut({ name: 'mine', input: z.object({}), branches: { a: { run: mcpTask('x.y'), with: () => ({}) } }, aggregate: () => 1 })`;
    const head = `import { defineFanOut, mcpTask } from ${JSON.stringify(PACKAGE)}; import { z } from ${JSON.stringify(ZOD)};`;
    await writeFile(
      join(path, 'switchyard.config.mjs'),
      `${head}\nexport default { workflows: [${mine}], prefix: '{mine}' };`,
    );
    expect(await loadProject(undefined, path)).toMatchObject({ prefix: '{mine}', workflows: [{ name: 'mine' }] });
  });

  it.each([
    ['export default { workflows: [{}] }', 'workflows.0: expected what defineFanOut'],
    ['export default { workflows: [{ pattern: "saga", name: "x" }] }', 'workflows.0: expected what defineFanOut'],
    [
      'export default { workflows: [{ pattern: "saga", name: "x", version: 1, input: { safeParse() {} }, steps: [{}], returns() {} }] }',
      'workflows.0: expected what defineFanOut',
    ],
    ['export default { workflows: [], mcp: 5 }', 'mcp: expected the path of an mcp.json'],
    ['export const config = {}', 'Export defineConfig'],
    ['export default { workflows: [], prefx: "x" }', 'prefx'],
    ['throw new Error("no database")', 'no database'],
  ])('%s is refused with the file and the reason', async (text, reason) => {
    const file = join(await folder(), 'switchyard.config.mjs');
    await writeFile(file, text);
    const refusal = loadProject(file);
    await expect(refusal).rejects.toThrow(reason);
    await expect(refusal).rejects.toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringContaining(file) });
  });

  it('that is not there is said to be missing', async () => {
    await expect(loadProject('/nowhere/config.mjs')).rejects.toThrow(
      'There is no configuration file /nowhere/config.mjs',
    );
  });
});

describe('the input of a run', () => {
  it('is JSON, a file, or nothing', async () => {
    const file = join(await folder(), 'order.json');
    await writeFile(file, '{"a":1}');
    expect(await readInput('[1]')).toEqual([1]);
    expect(await readInput(`@${file}`)).toEqual({ a: 1 });
    expect(await readInput(undefined)).toEqual({});
  });
});

describe('sample files', () => {
  it('fill a folder that is not there, and leave alone one that is', async () => {
    const files = join(await folder(), 'files');
    await provideSampleFiles(files);
    const log = join(files, 'logs/application-error.log');
    expect(await readFile(log, 'utf8')).toContain('ERROR');
    await writeFile(log, 'mine');
    await rm(join(files, 'docs'), { recursive: true });
    await provideSampleFiles(files);
    expect(await readFile(log, 'utf8')).toBe('mine');
    await expect(readFile(join(files, 'docs/shipping-and-returns.md'))).rejects.toThrow('ENOENT');
  });
});

describe('what the demo opened', () => {
  it('is closed in reverse, all of it although something fails, and what comes late at once', async () => {
    const closed: string[] = [];
    const closing = new Closing();
    closing.add(async () => void closed.push('first'));
    closing.add(() => Promise.reject(new Error('stuck')));
    closing.add(async () => void closed.push('last'));
    await expect(closing.close()).rejects.toThrow('stuck');
    const other = new Closing();
    await other.close();
    other.add(async () => void closed.push('late'));
    await other.close();
    expect(closed).toEqual(['last', 'first', 'late']);
  });
});
