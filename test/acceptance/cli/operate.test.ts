/** The commands by which a person drives runs, as typed, against a worker in another process. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { place } from './cli-process.js';

/** A saga that is refused at its end, whose undo fails while a file stands beside the configuration; and one that asks. */
const IMPORTS = `
import { existsSync } from 'node:fs';
const any = z.object({}).loose();
const task = (name, run) => api.defineTask({ name, input: any, output: any, key: true, run });
const refuse = (why) => { throw new api.PermanentError(why); };
const stuck = api.defineSaga({ name: 'stuck', input: any })
  .step('pay', task('pay', () => ({})), {
    with: () => ({}),
    undo: [task('refund', () => (existsSync('down') ? refuse('the bank is closed') : {})), ({ key }) => ({ refunds: key })],
  })
  .step('ship', task('ship', () => refuse('nowhere')), { with: () => ({}) })
  .returns((_done, { status }) => status);
const asking = api.defineSaga({ name: 'asking', input: any })
  .step('boss', api.approval(), { with: () => ({ question: 'May I?' }) })
  .step('pickup', api.signal({ name: 'pickup', output: z.object({ by: z.string() }) }), { with: () => null })
  .returns((done) => done.pickup?.by);`;

const Run = z.object({ id: z.string(), status: z.string(), output: z.unknown().optional() });

async function office() {
  const it = await place({ imports: IMPORTS, workflows: ', stuck, asking' });
  writeFileSync(join(it.folder, 'mcp.json'), '{"mcpServers":{}}');
  await it.start(['worker', '--queues', 'runs,tasks'], /^Worker \d+ is ready/);
  const json = async (...argv: readonly string[]) => {
    const { code, out, err } = await it.run([...argv, '--json']);
    return { code, err, run: Run.safeParse(JSON.parse(out || '{}')).data };
  };
  return { ...it, json };
}

test('[P4] a stuck undo is listed, shown with what failed, and resumed to `compensated`; nothing said so before', async () => {
  const { folder, run, json } = await office();
  writeFileSync(join(folder, 'down'), '');
  const stuck = await json('enqueue', 'stuck', '{}', '--wait');
  expect(stuck).toMatchObject({ code: 4, run: { status: 'compensation_stuck' } });
  const id = stuck.run?.id ?? '';
  const listed = await run(['runs', '--status', 'attention']);
  expect(listed.out).toContain(id);
  expect((await run(['runs', '--status', 'compensated'])).out).toContain('No runs');
  const shown = (await run(['show', id])).out;
  for (const part of [
    'the bank is closed',
    `{"refunds":"${id}/pay/1"}`,
    `key ${id}/pay.undo/1`,
    `switchyard resume ${id} --stage pay.undo`,
  ])
    expect(shown).toContain(part);
  expect(await json('skip', id)).toMatchObject({ code: 2, err: expect.stringContaining('say why') });
  expect(await json('resume', id, '--stage', 'ship.undo')).toMatchObject({
    code: 2,
    err: expect.stringContaining('asks about \\"pay.undo\\" now'),
  });
  expect(await json('resume', id, '--stage', 'pay.undo', '--wait')).toMatchObject({
    code: 4,
    run: { status: 'compensation_stuck' },
  });
  rmSync(join(folder, 'down'));
  expect(await json('resume', id, '--reason', 'it is open again', '--wait')).toMatchObject({
    code: 1,
    run: { status: 'compensated', output: 'compensated' },
  });
  expect((await run(['show', id])).out).toContain('it is open again');
  expect(await json('resume', id)).toMatchObject({ code: 2, err: expect.stringContaining('ILLEGAL_STATE') });
}, 90_000);

test('a question is approved, a signal given, and a run cancelled, from the command line', async () => {
  const { run, json } = await office();
  const asked = await json('enqueue', 'asking', '{}', '--wait');
  expect(asked).toMatchObject({ code: 4, run: { status: 'waiting_approval' } });
  const id = asked.run?.id ?? '';
  expect(await json('approve', id)).toMatchObject({ code: 0, run: { status: 'running' } });
  expect((await run(['runs'])).out).toMatch(/▶ running +asking/);
  expect(await json('signal', id, 'pickup', '{}')).toMatchObject({
    code: 2,
    err: expect.stringContaining('INVALID_INPUT'),
  });
  expect(await json('signal', id, 'pickup', '{"by":"ACME"}', '--wait')).toMatchObject({
    code: 0,
    run: { status: 'completed', output: 'ACME' },
  });
  const other = (await json('enqueue', 'asking', '{}', '--wait')).run?.id ?? '';
  expect(await json('cancel', other, '--wait')).toMatchObject({ code: 1, run: { status: 'cancelled' } });
}, 90_000);

test('a run that no worker has begun is queued in every answer, and whoever cancels it is told who carries that out', async () => {
  const { run } = await place({ imports: IMPORTS, workflows: ', stuck, asking' });
  const [id = ''] = (await run(['enqueue', 'stuck', '{}'])).out.split(' ');
  expect((await run(['runs'])).out).toMatch(/○ queued +stuck/);
  expect((await run(['show', id])).out).toContain('○ queued');
  const refused = await run(['skip', id, '--reason', 'x']);
  expect(refused.code).toBe(2);
  expect(refused.err.replace(/\s+/g, ' ')).toContain(`${id} is queued, which is no state to skip in`);
  const cancelled = await run(['cancel', id]);
  expect(cancelled.out).toContain('to stop   cancelled');
  expect(cancelled).toMatchObject({ code: 0, err: expect.stringContaining('Start one: switchyard worker') });
}, 90_000);
