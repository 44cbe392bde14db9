/** What an application gets: our declarations as they would be published, and nothing of the sources behind them. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Below the project, so that zod and the other dependencies are found; of this process, as two runs may overlap. */
const project = resolve('node_modules', '.cache', `switchyard-consumer-${process.pid}`);
const published = join(project, 'node_modules', 'switchyard-mq');

/** One definition of each kind, exported, as an application's own modules do. */
const CONSUMER = `
import {
  createToolPool, defineConfig, defineCrashTest, defineFanOut, defineRouter, defineSaga, defineTask, fromQueue, lazy, loadMcpConfig, mcpTask,
  parseMcpConfig, switchyard,
} from 'switchyard-mq';
import { switchyardBullBoardAdapters } from 'switchyard-mq/bull-board';
import { embeddedRedis } from 'switchyard-mq/embedded-redis';
import { defineSupport, order, shippedWorkflows, SHIPPED_RULES } from 'switchyard-mq/workflows';
import { z } from 'zod';

const input = z.object({ city: z.string(), times: z.number().default(1) });
const output = z.object({ text: z.string() });

export const look = defineTask({ name: 'look', input, output, run: ({ city }) => ({ text: city }) });
export const code = lazy(async () => ({ default: (sent: z.output<typeof input>) => ({ text: sent.city }) }));
export const later = defineTask({ name: 'later', input, output, run: code });
export const tool = mcpTask('weather.look', { input, output, idempotent: true });
export const untyped = mcpTask('weather.other');

export const fan = defineFanOut({
  name: 'fan', input,
  branches: { a: { run: look, with: (i) => i }, b: { run: tool, with: (i) => i, when: (i) => i.times > 1 || 'once is enough' } },
  aggregate: (results, { elapsedMs }) => ({ a: results.a, b: results.b, elapsedMs }),
});
export const theirs = fromQueue('crm', { job: 'lookup', input, output });
export const shop = defineFanOut({
  name: 'shop', input, branches: { theirs: { run: theirs, with: (i) => i } }, aggregate: ({ theirs: found }) => found,
});
export const list = defineFanOut({
  name: 'list', input: z.array(input), each: look, split: (all) => all, aggregate: (results) => results,
});
export const route = defineRouter({
  name: 'route', input,
  classify: ({ city }) => ({ route: 'near', priority: 'HIGH', evidence: { city } }),
  routes: { near: { run: look, with: (i) => i }, far: { run: later, with: (i) => i } },
  sla: { HIGH: '1m' },
  escalation: { to: untyped, when: (facts) => facts.path.length > 3 && 'long', with: (facts) => ({ why: facts.reason }) },
  returns: (facts) => facts,
});
export const chain = defineSaga({ name: 'chain', input }).step('first', look, {
  with: ({ input: sent }) => sent,
  undo: [tool, ({ input: sent }) => sent],
  find: [tool, ({ input: sent }) => sent, (answer) => answer],
});
export const saga = chain
  .step('second', later, { with: ({ input: sent, done }) => ({ ...sent, city: done.first.text }) })
  .returns((done, summary) => ({ done, summary }));

export const crashTest = defineCrashTest({
  workflow: saga,
  input: { city: 'Paris' },
  effects: async ({ key, call }) => [await call('weather.count', { key })],
  ignore: ['timestamp'],
});
export const config = defineConfig({ workflows: [fan, list, route, saga, ...shippedWorkflows] });
export const mcp = parseMcpConfig({ mcpServers: {} }, 'here');
export const loaded = () => loadMcpConfig('mcp.json');
export const tools = createToolPool({ config: mcp });
export const sy = switchyard({ connection: 'redis://localhost', tools, ...config });
export const run = sy.start(saga, { city: 'Paris' });
export const state = run.then((started) => started.wait('1s'));
export const text: Promise<string | undefined> = state.then((ended) =>
  ended.status === 'completed' ? ended.output.done.second?.text : undefined,
);
export const listed = sy.list();
export const workers = sy.workers({ concurrency: 2 });
export const hosted = sy.processor([look, fan], { otherwise: async ({ data }) => data });
export const hostedOptions = sy.workerOptions({ concurrency: 3, settings: { backoffStrategy: () => 1 } });
export const boards = switchyardBullBoardAdapters(sy);
export const embedded = () => embeddedRedis();
export const support = defineSupport(SHIPPED_RULES);
export const orders = [order];
`;

/** The whole program is read, twice: on a busy machine that takes its time. */
const COMPILE_MS = 60_000;

beforeAll(() => {
  mkdirSync(published, { recursive: true });
  cpSync('package.json', join(published, 'package.json'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(project, 'consumer.ts'), CONSUMER);
  emitDeclarations(join(published, 'dist'));
}, COMPILE_MS);
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** From the sources rather than a build, which may be of yesterday. Unchecked: `npm run types` is what checks them. */
function emitDeclarations(outDir: string): void {
  const { config } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, process.cwd());
  const program = ts.createProgram({
    rootNames: ['src/index.ts', 'src/bull-board.ts', 'src/embedded-redis.ts', 'src/workflows/index.ts'],
    options: {
      ...options,
      outDir,
      noCheck: true,
      emitDeclarationOnly: true,
      incremental: false,
      tsBuildInfoFile: undefined,
    },
  });
  program.emit();
}

it(
  "an application's own exported definitions compile, with declarations, against ours alone",
  () => {
    const file = join(project, 'consumer.ts');
    const program = ts.createProgram({
      rootNames: [file],
      options: {
        strict: true,
        declaration: true,
        target: ts.ScriptTarget.ES2022,
        lib: ['lib.es2023.d.ts'],
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        types: ['node'],
        typeRoots: [resolve('node_modules', '@types')],
        skipLibCheck: true,
      },
    });
    const emitted: string[] = [];
    const { diagnostics } = program.emit(undefined, (path) => emitted.push(path), undefined, true);
    const found = [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(
      ({ code, messageText }) => `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
    expect([...new Set(found)]).toEqual([]);
    expect(emitted).toEqual([join(project, 'consumer.d.ts')]);
  },
  COMPILE_MS,
);
