/** A process that starts runs, beside one that works on them: each step's code, and ours for working, is loaded by the second alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { useRedis } from '../support/redis.js';
import { DIST } from './cli/cli-process.js';

const FILES = (url: string, prefix: string): Readonly<Record<string, string>> => ({
  // Each module that a process loads, whoever imports it, into a file of its own.
  'watch.mjs': `import { register } from 'node:module';
register('./hooks.mjs', import.meta.url);`,
  'hooks.mjs': `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(process.env.LOADED, url + '\\n');
  return await next(url, context);
}`,
  'charge.mjs': `export default async ({ cents }) => ({ charged: cents });`,
  'workflow.mjs': `import { defineSaga, defineTask, lazy, switchyard, createToolPool, parseMcpConfig } from ${JSON.stringify(pathToFileURL(join(DIST, 'index.js')).href)};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
const charge = defineTask({ name: 'charge', idempotent: true, input: z.object({ cents: z.number() }), output: z.object({ charged: z.number() }),
  run: lazy(() => import('./charge.mjs')) });
export const order = defineSaga({ name: 'order', input: z.object({ cents: z.number() }) })
  .step('charge', charge, { with: ({ input }) => input })
  .returns((done) => done.charge);
const tools = createToolPool({ config: parseMcpConfig({ mcpServers: {} }, 'the test') });
export const sy = switchyard({ connection: ${JSON.stringify(url)}, prefix: ${JSON.stringify(prefix)}, workflows: [order], tools });`,
  'produce.mjs': `import { order, sy } from './workflow.mjs';
const workers = sy.workers();
await workers.health();
const run = await sy.start(order, { cents: 4200 });
console.log(JSON.stringify(await run.wait('20s')));
await workers.stop();
await sy.close();`,
  'work.mjs': `import { sy } from './workflow.mjs';
const workers = sy.workers();
await workers.start();
console.log('ready');
process.once('SIGTERM', async () => { await workers.stop(); await sy.close(); });`,
});

function project() {
  const { url, prefix } = useRedis();
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-lazy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(FILES(url, prefix))) writeFileSync(join(folder, name), text);
  return {
    begin(script: string) {
      const env = { PATH: process.env.PATH, LOADED: join(folder, `${script}.loaded`) };
      const child = spawn(process.execPath, ['--import', './watch.mjs', script], { cwd: folder, env });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    },
    loaded: (script: string) => readFileSync(join(folder, `${script}.loaded`), 'utf8').split('\n'),
  };
}

async function ended(child: ChildProcess): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  return { code, text };
}

test('a producer loads neither the code of a lazy task nor ours for working; the worker does, and the run ends', async () => {
  const { begin, loaded } = project();
  const producer = begin('produce.mjs');
  const produced = ended(producer);
  const worker = begin('work.mjs');
  const worked = ended(worker);
  const { code, text } = await produced;
  expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining('"status":"completed"') });
  expect(JSON.parse(text)).toMatchObject({ output: { charged: 4200 } });
  worker.kill('SIGTERM');
  expect(await worked).toEqual({ code: 0, text: 'ready\n' });

  const ofWorking =
    /charge\.mjs|dist\/processors\/|dist\/(worker-crew|hosting|processing|adapters\/callback-sender)\.js/;
  const ofTools =
    /@modelcontextprotocol|dist\/adapters\/mcp\/(?!config|binding|server-limits|redaction|json-error|tool-p)/;
  const produces = loaded('produce.mjs');
  expect(produces.filter((url) => ofWorking.test(url) || ofTools.test(url))).toEqual([]);
  expect(produces.some((url) => url.endsWith('/dist/engine/engine.js'))).toBe(true);
  const works = loaded('work.mjs');
  expect(works.filter((url) => url.endsWith('/charge.mjs'))).toHaveLength(1);
  expect(works.some((url) => url.endsWith('/dist/processors/root.js'))).toBe(true);
  // It called no tool.
  expect(works.filter((url) => url.includes('@modelcontextprotocol'))).toEqual([]);
});
