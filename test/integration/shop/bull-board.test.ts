/** Our queues on a Bull Board that a team has: beside theirs, read-only, without payloads, and with what our jobs mean. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { switchyardBullBoardAdapters } from '../../../src/bull-board.js';
import { defineSaga, PermanentError } from '../../../src/index.js';
import { useWorkingEngine } from '../../support/engine.js';
import { useForeignQueue } from '../../support/foreign-queue.js';
import { anyInput, task } from '../../support/workflows.js';

const PERSONAL = 'ada@example.com';

const order = defineSaga({ name: 'order', input: anyInput })
  .step('payment', task('payment'), { with: ({ input }) => input, undo: [task('refund'), ({ input }) => input] })
  .step(
    'label',
    task('label', () => Promise.reject(new PermanentError('no printer'))),
    { with: () => 2 },
  )
  .returns(() => PERSONAL);

const Board = z.object({
  queues: z.array(
    z.object({
      name: z.string(),
      readOnlyMode: z.boolean(),
      jobs: z.array(
        z.object({
          ...{ id: z.string(), name: z.string(), returnValue: z.unknown() },
          externalUrl: z.object({ href: z.string(), displayText: z.string() }).optional(),
        }),
      ),
    }),
  ),
});

test('a compensated root says so, though BullMQ has it among the completed', async () => {
  const theirs = useForeignQueue();
  const { sy } = await useWorkingEngine([order]);
  const run = await sy.start(order, { mail: PERSONAL });
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });

  const serverAdapter = new FastifyAdapter();
  const ours = switchyardBullBoardAdapters(sy, { pages: 'https://ops.example.com/sy/' });
  createBullBoard({ queues: [new BullMQAdapter(theirs.queue), ...ours], serverAdapter });
  const server = fastify();
  onTestFinished(() => server.close());
  await server.register(serverAdapter.registerPlugin());
  const ask = async (path: string, method: 'GET' | 'PUT' = 'GET') =>
    await server.inject({ method, url: `/api/queues${path}` });

  const { body } = await ask('?activeQueue=switchyard.runs&status=completed&page=1&jobsPerPage=10');
  const { queues } = Board.parse(JSON.parse(body));
  expect(queues.map(({ name, readOnlyMode }) => [name, readOnlyMode])).toEqual([
    ['crm', false],
    ...['runs', 'tasks', 'attention', 'signals', 'callbacks'].map((name) => [`switchyard.${name}`, true]),
  ]);
  expect(queues.find(({ name }) => name === 'switchyard.runs')?.jobs).toMatchObject([
    {
      id: run.id,
      name: 'order: compensated',
      externalUrl: { displayText: 'Run', href: `https://ops.example.com/sy/runs/${run.id}` },
      returnValue: {
        status: 'compensated',
        meaning: expect.stringMatching(/everything it had done was undone; BullMQ says/),
      },
    },
  ]);
  const tasks = await ask('?activeQueue=switchyard.tasks&status=latest&page=1&jobsPerPage=10');
  expect(tasks.body).toContain(`${run.id}-payment`);
  expect(tasks.body).toContain(`/sy/runs/${run.id}"`);
  expect(tasks.body + body).not.toContain(PERSONAL);
  expect((await ask(`/switchyard.runs/${run.id}/retry/completed`, 'PUT')).statusCode).toBeGreaterThanOrEqual(400);
});

test('a job that was added by hand has no link, and names no address', async () => {
  const { sy } = await useWorkingEngine([order]);
  const [board] = switchyardBullBoardAdapters(sy, { pages: 'http://127.0.0.1:3000' });
  const link = (data: unknown) => board?.externalJobUrl?.({ id: '1', data } as never);
  expect(link({ run: 'javascript:alert(1)' })).toBeUndefined();
  expect(link('no JSON')).toBeUndefined();
  expect(() => switchyardBullBoardAdapters(sy, { pages: 'ops.example.com' })).toThrow(/pages is "ops.example.com"/);
});

test('what is no Switchyard of this package is refused', async () => {
  const { sy } = await useWorkingEngine([order]);
  const theirs = Object.fromEntries(Object.entries(sy)) as unknown as typeof sy;
  expect(() => switchyardBullBoardAdapters(theirs)).toThrow(/second copy of switchyard-mq/);
  // One that an application has put something around is still ours.
  expect(switchyardBullBoardAdapters({ ...sy })).toHaveLength(5);
});
