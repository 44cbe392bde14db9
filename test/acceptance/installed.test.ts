/**
 * What somebody gets who installs the package in an empty folder: no more packages than the core's, types that resolve, the
 * README's ten lines, and for a feature that needs more the command that brings it. Outside of this repository, so that
 * nothing of its `node_modules` is found.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { redisUrl } from '../support/redis.js';

/** What npm takes where nothing is cached; what a compiler takes on a busy machine. */
const SLOW_MS = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'switchyard-installed-'));
const app = join(folder, 'app');
const manifest: { readonly version: string; readonly peerDependencies: object } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);
const tarball = join(folder, `switchyard-mq-${manifest.version}.tgz`);
const program = /```js\n(\/\/ cities\.mjs\n[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
let installation: Ended;

interface Ended {
  readonly code: ExecFileException['code'];
  readonly out: string;
  readonly err: string;
}

/** With the environment that an npm script of ours is run in left out: it names this repository. */
function run(command: string, args: readonly string[], { cwd = app, env = {} } = {}): Promise<Ended> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_(lifecycle|package)|^NODE_ENV$|^SWITCHYARD_/.test(name),
  );
  return new Promise((done) =>
    execFile(command, [...args], { cwd, env: { ...Object.fromEntries(own), ...env } }, (error, out, err) =>
      done({ code: error ? error.code : 0, out, err }),
    ),
  );
}
const bin = (name: string) => join(app, 'node_modules', '.bin', name);
const ours = (name: string) => resolve('node_modules', '.bin', name);

beforeAll(async () => {
  // Built by `npm run test:acceptance`; to build again here would change `dist` under the feet of other tests.
  const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: process.cwd() });
  expect(packed.code, packed.err).toBe(0);
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  installation = await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball, 'zod']);
}, SLOW_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('installs without a warning about engines or peers, and brings no package of a feature', () => {
  expect(installation.code, installation.err).toBe(0);
  expect(installation.err).not.toMatch(/EBADENGINE|ERESOLVE|deprecated|peer/i);
  const installed = readdirSync(join(app, 'node_modules'), { recursive: true, encoding: 'utf8' });
  const optional = Object.keys(manifest.peerDependencies).map((name) => join(name, 'package.json'));
  expect(optional.length).toBeGreaterThan(10);
  expect(
    installed.filter((path) => optional.some((name) => path === name || path.endsWith(`node_modules/${name}`))),
  ).toEqual([]);
});

it('runs the ten lines of the README', async () => {
  const lines = program.split('\n').filter((line) => line !== '' && !/^(\/\/|import )/.test(line));
  expect(lines).toHaveLength(10);
  writeFileSync(join(app, 'cities.mjs'), program);
  const { code, out, err } = await run(process.execPath, ['cities.mjs'], { env: { REDIS_URL: redisUrl() } });
  expect(code, err).toBe(0);
  expect(out).toContain("status: 'completed'");
  expect(out.match(/output: \d/g)).toEqual(['output: 5', 'output: 4', 'output: 4']);
});

it(
  'has types that resolve, in the ten lines too',
  async () => {
    const others = ['workflows', 'testing', 'embedded-redis'].map(
      (entry, at) => `import * as e${at} from 'switchyard-mq/${entry}'; e${at};`,
    );
    writeFileSync(join(app, 'cities.mts'), `${program}\n${others.join('\n')}\n`);
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext'];
    const types = ['--typeRoots', resolve('node_modules', '@types'), '--types', 'node'];
    const { code, out } = await run(ours('tsc'), [...options, ...types, 'cities.mts']);
    expect(out).toBe('');
    expect(code).toBe(0);
  },
  SLOW_MS,
);

it('says in one line what a feature needs, with the command, and exits with 2', async () => {
  const [up, worker, commerce] = await Promise.all([
    run(bin('switchyard'), ['up']),
    run(bin('switchyard'), ['worker', '--json']),
    run(bin('switchyard-commerce'), []),
  ]);
  expect(up.err).toMatch(
    /The HTTP API and its pages: the package fastify is not installed\.\n +Run: npm install fastify@5 .+\n$/,
  );
  expect(JSON.parse(worker.err).error).toMatchObject({ code: 'INVALID_CONFIG' });
  expect(worker.err).toContain('Run: npm install libsql@0.5 @modelcontextprotocol/server-filesystem@2026');
  expect(commerce.err).toMatch(/^switchyard-commerce: The shipped tool servers .* Run: npm install libsql@0.5 .+\n$/);
  expect([up.code, worker.code, commerce.code]).toEqual([2, 2, 2]);
});

it(
  'is a package that publint and attw find nothing wrong with',
  async () => {
    const [lint, types] = await Promise.all([
      run(ours('publint'), [tarball, '--strict'], { cwd: folder }),
      run(ours('attw'), [tarball, '--profile', 'esm-only', '--format', 'table-flipped'], { cwd: folder }),
    ]);
    expect(lint.code, lint.out + lint.err).toBe(0);
    expect(lint.out).toContain('All good!');
    expect(types.code, types.out + types.err).toBe(0);
  },
  SLOW_MS,
);

it('holds the pages and the documents, and no test', () => {
  const root = join(app, 'node_modules', 'switchyard-mq');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  for (const file of ['dist/ui/index.html', 'dist/ui/main.js', 'dist/main.js', 'docs/operate.md', 'LICENSE']) {
    expect(files).toContain(file);
  }
  expect(files.filter((path) => /\.test\.|tsbuildinfo|^(src|test)\//.test(path))).toEqual([]);
});
