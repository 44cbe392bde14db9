import { realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openCommerceFile } from '../../../src/servers/commerce/commerce-file.js';
import { readLedger } from '../../../src/servers/commerce/ledger.js';
import { DIST, place } from './cli-process.js';
import { ORDER, READY, runOf } from './shown.js';

describe('a configuration that cannot be loaded', () => {
  it.each([
    ['const a = 1;\nthrow new Error("no database");', 'no database', 2],
    ['export default {\n  workflows: [\n', 'Unexpected end of input', 3],
    ["import { nothing } from 'node:fs';", "does not provide an export named 'nothing'", 1],
    ["import * as api from 'PACKAGE';\napi.mcpTask('a b');", 'is not a valid name', 2],
  ])('%j is refused with file and line', async (text, reason, line) => {
    const { run, folder } = await place();
    const file = join(folder, 'switchyard.config.mjs');
    writeFileSync(file, text.replace('PACKAGE', pathToFileURL(join(DIST, 'index.js')).href));
    const { code, err } = await run(['runs', '--json']);
    expect(code).toBe(2);
    const { error } = z.object({ error: z.object({ code: z.string(), message: z.string() }) }).parse(JSON.parse(err));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.message).toContain(reason);
    expect(error.message).toContain(`(${realpathSync(file)}:${line})`);
  });
});

it('a configuration in a project of CommonJS, as `npm init` makes one, is refused with what mends it', async () => {
  const { run, folder } = await place();
  rmSync(join(folder, 'switchyard.config.mjs'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(folder, 'switchyard.config.js'), "import 'node:fs';\nexport default {};\n");
  expect(await run(['runs'])).toMatchObject({ code: 2, err: expect.stringContaining('"type": "module"') });
});

describe('enqueue', () => {
  it('refuses an input part by part, each with its path', async () => {
    const { run } = await place();
    const bad = { ...ORDER, items: [{ sku: 'sku-5009', quantity: 0 }], amountMinor: 1.5 };
    const { code, out, err } = await run(['enqueue', 'order', '-', '--json'], JSON.stringify(bad));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    const { error } = z
      .object({ error: z.object({ code: z.string(), issues: z.array(z.object({ path: z.string() })) }) })
      .parse(JSON.parse(err));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.issues.map(({ path }) => path)).toEqual(['items.0.quantity', 'amountMinor']);
  });

  it('whose wait is over says how the run stands, and ends with 5; without --wait it ends with 0', async () => {
    const { run } = await place();
    const waited = await run(['enqueue', 'parallel', '{"query":"reports"}', '--json', '--wait', '200ms']);
    expect(waited.code).toBe(5);
    const { id, status } = runOf(waited.out);
    expect(status).toBe('queued');
    expect(JSON.parse(waited.err)).toMatchObject({ error: { code: 'WAIT_TIMEOUT' } });
    const shown = await run(['show', id]);
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toContain(`queued for`);
    const listed = await run(['runs', '--status', 'open', '--json']);
    expect(JSON.parse(listed.out)).toMatchObject({ runs: [{ id, workflow: 'parallel', status: 'open' }] });
    expect((await run(['runs'])).out).toMatch(/○ queued +parallel/);
    expect((await run(['runs', '--status', 'failed'])).out).toBe(
      'No runs that are failed. All runs: switchyard runs\n',
    );
    expect(await run(['enqueue', 'parallel', '{"query":"reports"}'])).toMatchObject({ code: 0, err: '' });
  });

  it('whose wait is interrupted says that the run goes on, and ends as an interrupted command', async () => {
    const { start } = await place();
    const waiting = await start(['enqueue', 'parallel', '{"query":"reports"}', '--wait'], /accepted/);
    const [id = ''] = waiting.line.split(' ');
    waiting.child.kill('SIGINT');
    expect(await waiting.ended).toMatchObject({ code: 130, err: expect.stringContaining(`switchyard show ${id}`) });
  });

  it('of one order three times under one key is one run and one charge; with another input it is refused', async () => {
    const { run, start, folder } = await place();
    const worker = await start(['worker'], READY);
    const submit = (order: object) =>
      run(['enqueue', 'order', '-', '--key', 'k', '--wait', '--json'], JSON.stringify(order));
    const ends = await Promise.all([submit(ORDER), submit(ORDER), submit(ORDER)]);
    const runs = ends.map(({ out }) => runOf(out));
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    expect(runs[0]?.status).toBe('completed');

    const file = openCommerceFile(join(folder, '.switchyard', 'commerce.db'));
    onTestFinished(() => file.close());
    expect(readLedger(file, 10, undefined).totals).toMatchObject({ charges: 1, chargedMinor: 5_980 });

    const other = await submit({ ...ORDER, amountMinor: 1 });
    expect(other.code).toBe(2);
    expect(JSON.parse(other.err)).toMatchObject({ error: { code: 'KEY_CONFLICT' } });

    const impossible = await run(
      ['enqueue', 'order', '-', '--wait'],
      JSON.stringify({ ...ORDER, items: [{ sku: 'sku-5011', quantity: 900 }] }),
    );
    expect(impossible.code).toBe(1);
    expect(impossible.out).toContain('↩ compensated');

    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  });
});
