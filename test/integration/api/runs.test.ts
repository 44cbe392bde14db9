/** Runs over HTTP: started, waited for, listed, looked at, driven. One server and its workers for all of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PermanentError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { approval, signal as signalTask } from '../../../src/wait-task.js';
import { openApi, type TestApi } from '../../support/api.js';
import { anyInput, task } from '../../support/workflows.js';

const greet = defineFanOut({
  name: 'greet',
  input: z.strictObject({ city: z.string().min(2), password: z.string().optional(), loud: z.boolean().default(false) }),
  branches: {
    hello: { run: task('hello', (input) => ({ said: input })), with: (input) => input },
    never: { run: task('never'), with: () => null, when: () => 'nobody asked' },
  },
  aggregate: ({ hello }) => ({ hello: hello.state }),
});
const fragile = defineFanOut({
  name: 'fragile',
  input: anyInput,
  branches: {
    only: {
      run: task('break', (input) => {
        if (input !== 'well') throw new PermanentError('as asked');
      }),
      with: (input) => input.how,
    },
  },
  aggregate: () => null,
});
const desk = defineRouter({
  name: 'desk',
  input: anyInput,
  classify: () => ({ route: 'near', priority: 'HIGH', evidence: { scores: { near: 2, far: 0 }, words: ['now'] } }),
  routes: { near: { run: task('near'), with: (input) => input }, far: { run: task('far'), with: (input) => input } },
  sla: { HIGH: '4h' },
  returns: ({ path }) => path,
});
const trip = defineSaga({ name: 'trip', input: anyInput })
  .step(
    'book',
    task('book', () => ({ ticket: 7 }), { idempotent: true }),
    {
      with: () => null,
      undo: [
        task('unbook', () => {
          throw new PermanentError('the office is closed');
        }),
        () => null,
      ],
    },
  )
  .step('ask', approval(), { with: () => ({ question: 'go?' }) })
  .step('told', signalTask({ name: 'told', output: z.string() }), { with: () => ({}) })
  .returns((done) => done.told);

let api: TestApi;
beforeAll(async () => {
  api = await openApi([greet, fragile, desk, trip]);
});
afterAll(() => api.close());

const Id = z.looseObject({ id: z.string() });
const idOf = (body: unknown) => Id.parse(body).id;

async function start(body: object, query = ''): Promise<string> {
  const answer = await api.post(`/v1/runs${query}`, body);
  expect([answer.status, answer.body]).toEqual([expect.toBeOneOf([200, 202]), expect.anything()]);
  return idOf(answer.body);
}

describe('starting', () => {
  test('answers 200 with the result when the run settles in time, and where it is', async () => {
    const answer = await api.post('/v1/runs?waitMs=10000', { workflow: 'greet', input: { city: 'Oslo' } });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        workflow: 'greet',
        status: 'completed',
        output: { hello: 'completed' },
        input: { city: 'Oslo', loud: false },
      },
    });
    expect(answer.headers.get('location')).toBe(`/v1/runs/${idOf(answer.body)}`);
    expect(await api.get(answer.headers.get('location') ?? '')).toMatchObject({ status: 200, body: answer.body });
  });

  test('answers 202 with the run as it stands when it does not, and the wait ends by itself', async () => {
    const begun = Date.now();
    const answer = await api.post('/v1/runs?waitMs=50', {
      workflow: 'greet',
      input: { city: 'Oslo' },
      delayMs: 60_000,
    });
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'queued', timeline: [{ name: 'hello', state: 'waiting' }, {}] },
    });
    expect(Date.now() - begun).toBeLessThan(5_000);
  });

  test('with a key starts nothing a second time, and says so; with another input it is refused', async () => {
    const body = { workflow: 'greet', input: { city: 'Oslo' }, key: 'k1', priority: 'LOW', deadline: '1h' };
    const first = await api.post('/v1/runs', body);
    const second = await api.post('/v1/runs', body);
    expect(idOf(second.body)).toBe(idOf(first.body));
    expect([first, second].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
    expect(await api.post('/v1/runs', { ...body, input: { city: 'Rome' } })).toMatchObject({
      status: 409,
      body: { code: 'KEY_CONFLICT' },
    });
  });

  test('names each field that is wrong, by its path in the body', async () => {
    expect(await api.post('/v1/runs', { workflow: 'greet', input: { city: 'O', loud: 'yes', more: 1 } })).toMatchObject(
      {
        status: 422,
        body: { code: 'INVALID_INPUT', issues: [{ path: 'input.city' }, { path: 'input.loud' }, { path: 'input' }] },
      },
    );
    expect(await api.post('/v1/runs?waitMs=soon', { workflow: 'greet', input: {} })).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'query.waitMs' }] },
    });
    expect(await api.post('/v1/runs', { input: {}, delayMs: -1, deadline: 'later', what: 1 })).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'workflow' }, { path: 'delayMs' }, { path: 'deadline' }, { path: '' }] },
    });
    expect(await api.post('/v1/runs', { workflow: 'tea', input: {} })).toMatchObject({
      status: 404,
      body: { code: 'UNKNOWN_WORKFLOW', detail: expect.stringContaining('greet') },
    });
  });
});

describe('looking', () => {
  test('at a run: with its timeline, or without', async () => {
    const id = await start({ workflow: 'greet', input: { city: 'Bern' } }, '?waitMs=10000');
    const full = await api.get(`/v1/runs/${id}`);
    expect(full.body).toEqual(JSON.parse(JSON.stringify(await api.sy.run(id).describe())));
    const { timeline: _timeline, ...rest } = z
      .looseObject({ timeline: z.array(z.unknown()).length(2) })
      .parse(full.body);
    expect((await api.get(`/v1/runs/${id}?timeline=none`)).body).toEqual(rest);
  });

  test('at its timeline, page by page and state by state', async () => {
    const id = await start({ workflow: 'greet', input: { city: 'Bern' } }, '?waitMs=10000');
    const whole = await api.get(`/v1/runs/${id}/timeline`);
    expect(whole.body).toMatchObject({
      total: 2,
      counts: { waiting: 0, running: 0, completed: 1, failed: 0, skipped: 1 },
      entries: [
        { index: 0, name: 'hello', state: 'completed', attempts: [{ n: 1, startedAt: expect.any(Number) }] },
        { index: 1, name: 'never', state: 'skipped', reason: 'nobody asked' },
      ],
    });
    expect(whole.body).not.toHaveProperty('next');
    expect((await api.get(`/v1/runs/${id}/timeline?limit=1`)).body).toMatchObject({ entries: [{ index: 0 }], next: 1 });
    expect((await api.get(`/v1/runs/${id}/timeline?after=1&limit=1`)).body).toMatchObject({ entries: [{ index: 1 }] });
    for (const [state, names] of [
      ['completed', ['hello']],
      ['skipped', ['never']],
      ['failed', []],
      ['running', []],
      ['waiting', []],
    ] as const) {
      const page = z.object({ entries: z.array(z.looseObject({ name: z.string() })) });
      const { body } = await api.get(`/v1/runs/${id}/timeline?state=${state}`);
      expect([state, page.parse(body).entries.map(({ name }) => name)]).toEqual([state, names]);
    }
  });

  test('at why it was routed as it was', async () => {
    const id = await start({ workflow: 'desk', input: {} }, '?waitMs=10000');
    const { body } = await api.get(`/v1/runs/${id}?timeline=none`);
    const { createdAt } = z.looseObject({ createdAt: z.number() }).parse(body);
    expect(body).toMatchObject({
      decision: {
        route: 'near',
        priority: 'HIGH',
        evidence: { scores: { near: 2, far: 0 }, words: ['now'] },
        sla: { ms: 14_400_000, dueAt: createdAt + 14_400_000 },
      },
    });
  });

  test('at payloads: their fields and sizes, or their values without secrets', async () => {
    const id = await start({ workflow: 'greet', input: { city: 'Bern', password: 'hunter2' } }, '?waitMs=10000');
    expect((await api.get(`/v1/runs/${id}/payload?of=input`)).body).toEqual({
      value: { city: '[redacted, 6 bytes]', password: '[redacted, 9 bytes]', loud: '[redacted, 5 bytes]' },
      redacted: true,
      truncated: false,
    });
    expect((await api.get(`/v1/runs/${id}/payload?of=stage&stage=hello&reveal=true`)).body).toEqual({
      value: { said: { city: 'Bern', password: '[redacted, 9 bytes]', loud: false } },
      redacted: true,
      truncated: false,
    });
    expect((await api.get(`/v1/runs/${id}/payload?of=output&reveal=true`)).body).toEqual({
      value: { hello: 'completed' },
      redacted: false,
      truncated: false,
    });
    expect((await api.get(`/v1/runs/${id}/payload?of=stage&stage=never`)).body).toEqual({
      redacted: false,
      truncated: false,
    });
    expect(await api.get(`/v1/runs/${id}/payload?of=stage`)).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'query.stage' }] },
    });
    expect(await api.get(`/v1/runs/${id}/payload?of=stage&stage=no-such`)).toMatchObject({ status: 422 });
  });

  test('at what can be started: schema, queues and shape', async () => {
    expect((await api.get('/v1/workflows')).body).toMatchObject({
      workflows: [
        {
          name: 'greet',
          version: 1,
          pattern: 'fan-out',
          queues: ['tasks'],
          inputSchema: { type: 'object', required: ['city'], properties: { city: { type: 'string', minLength: 2 } } },
          shape: {
            pattern: 'fan-out',
            onFailure: 'collect',
            branches: [{ name: 'hello', conditional: false }, { conditional: true }],
          },
        },
        { name: 'fragile' },
        {
          name: 'desk',
          shape: { routes: [{ name: 'near', task: 'near' }, { name: 'far' }], slaMs: { HIGH: 14_400_000 } },
        },
        {
          name: 'trip',
          shape: {
            steps: [
              { name: 'book', undo: 'unbook', pivot: false },
              { name: 'ask', waits: 'person' },
              { waits: 'signal' },
            ],
          },
        },
      ],
    });
  });
});

describe('listing', () => {
  const Page = z.object({
    runs: z.array(z.looseObject({ id: z.string(), createdAt: z.number() })),
    cursor: z.string().optional(),
  });
  const list = async (query: string) => Page.parse((await api.get(`/v1/runs?${query}`)).body);

  test('by workflow, status, time, and part of an id; page by page', async () => {
    const ids: string[] = [];
    for (const key of ['list-a', 'list-b', 'list-c']) {
      ids.unshift(await start({ workflow: 'desk', input: {}, key }, '?waitMs=10000'));
    }
    const [newest = '', middle = '', oldest = ''] = ids;
    const all = (await list('workflow=desk&status=completed')).runs;
    expect(all.slice(0, 3).map(({ id }) => id)).toEqual(ids);
    const [{ createdAt: last } = { createdAt: 0 }, { createdAt: before } = { createdAt: 0 }] = all;
    expect((await list(`workflow=desk&from=${last}`)).runs.map(({ id }) => id)).toEqual([newest]);
    expect((await list(`workflow=desk&to=${before}&limit=1`)).runs.map(({ id }) => id)).toEqual([middle]);
    expect((await list(`from=${before}&to=${before}`)).runs.map(({ id }) => id)).toEqual([middle]);
    expect((await list(`text=${oldest.slice(-8)}`)).runs.map(({ id }) => id)).toEqual([oldest]);
    expect((await list('text=no-such-id')).runs).toEqual([]);
    const first = await list('workflow=desk&limit=2');
    expect(first.runs.map(({ id }) => id)).toEqual([newest, middle]);
    const second = await list(`workflow=desk&limit=2&cursor=${first.cursor}`);
    expect(second.runs[0]).toMatchObject({ id: oldest });
    expect((await list(`workflow=desk&text=desk&limit=2&cursor=${first.cursor}`)).runs[0]).toMatchObject({
      id: oldest,
    });
    expect(await api.get('/v1/runs?cursor=page-two')).toMatchObject({ status: 422, body: { code: 'INVALID_INPUT' } });
    expect(await api.get('/v1/runs?status=lost')).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'query.status' }] },
    });
  });

  test('in numbers: of each workflow what is under way, waits for a person, has ended how', async () => {
    await start({ workflow: 'fragile', input: { how: 'badly' } }, '?waitMs=10000');
    await start({ workflow: 'fragile', input: { how: 'well' } }, '?waitMs=10000');
    await start({ workflow: 'fragile', input: { how: 'well' }, delayMs: 60_000 });
    expect((await api.get('/v1/counts')).body).toMatchObject({
      workflows: { fragile: { open: 1, attention: 0, completed: 1, failed: 1, partial: 0, compensated: 0 } },
    });
  });
});

describe('driving', () => {
  test('a run that waits for a person: approved, told, completed', async () => {
    const id = await start({ workflow: 'trip', input: {} }, '?waitMs=10000');
    expect((await api.get(`/v1/runs/${id}`)).body).toMatchObject({
      status: 'waiting_approval',
      questions: [{ about: 'ask', input: { question: 'go?' }, answers: ['approve', 'reject'] }],
    });
    expect((await api.get('/v1/runs?status=attention')).body).toMatchObject({ runs: [{ id }] });
    expect(await api.post(`/v1/runs/${id}/approve`, { by: 'ada', reason: 'of course', stage: 'ask' })).toMatchObject({
      status: 200,
      body: { words: [{ command: 'approve', by: 'ada', reason: 'of course' }] },
    });
    expect(await api.post(`/v1/runs/${id}/approve`)).toMatchObject({ status: 409, body: { code: 'ILLEGAL_STATE' } });
    expect(await api.post(`/v1/runs/${id}/signal`, { stage: 'told', value: 7 })).toMatchObject({
      status: 422,
      body: { code: 'INVALID_INPUT' },
    });
    expect(await api.post(`/v1/runs/${id}/signal?waitMs=10000`, { stage: 'told', value: 'bon voyage' })).toMatchObject({
      status: 200,
      body: { status: 'completed', output: 'bon voyage' },
    });
  });

  test('a stuck undo: resumed in vain, skipped with a reason; cancelled by rejection before', async () => {
    const id = await start({ workflow: 'trip', input: {} }, '?waitMs=10000');
    expect(await api.post(`/v1/runs/${id}/reject?waitMs=10000`, {})).toMatchObject({
      body: { status: 'compensation_stuck' },
    });
    expect(await api.post(`/v1/runs/${id}/resume?waitMs=10000`, { by: 'bob' })).toMatchObject({
      body: { status: 'compensation_stuck' },
    });
    // Somebody answers what was asked before.
    for (const [word, body] of [
      ['resume', {}],
      ['skip', { reason: 'x' }],
      ['abandon', { reason: 'x' }],
      ['resolve', { happened: true }],
    ] as const) {
      expect(await api.post(`/v1/runs/${id}/${word}`, { ...body, stage: 'another.undo' })).toMatchObject({
        status: 409,
        body: { code: 'ILLEGAL_STATE', detail: expect.stringContaining('now, not about "another.undo"') },
      });
    }
    expect(await api.post(`/v1/runs/${id}/skip`, {})).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'reason' }] },
    });
    expect(await api.post(`/v1/runs/${id}/skip?waitMs=10000`, { reason: 'refunded by hand' })).toMatchObject({
      body: { status: 'failed', notUndone: ['book'] },
    });
  });

  test('a stuck undo: abandoned, or said to have happened', async () => {
    const stuck = async () => {
      const id = await start({ workflow: 'trip', input: {} }, '?waitMs=10000');
      await api.post(`/v1/runs/${id}/reject?waitMs=10000`, {});
      return id;
    };
    expect(await api.post(`/v1/runs/${await stuck()}/abandon?waitMs=10000`, { reason: 'closed' })).toMatchObject({
      body: { status: 'failed', words: [{}, { command: 'abandon', reason: 'closed' }] },
    });
    expect(await api.post(`/v1/runs/${await stuck()}/resolve?waitMs=10000`, { happened: true })).toMatchObject({
      body: { status: 'compensated' },
    });
  });

  test('a failed run: retried in its place; a cancelled one: as another, which names it', async () => {
    const failed = await start({ workflow: 'fragile', input: { how: 'badly' } }, '?waitMs=10000');
    const again = await api.post(`/v1/runs/${failed}/retry?waitMs=10000`, { by: 'eve' });
    expect(again.body).toMatchObject({ id: failed, status: 'failed', words: [{ command: 'retry', by: 'eve' }] });
    const late = await start({ workflow: 'fragile', input: { how: 'well' }, delayMs: 60_000 });
    expect(await api.post(`/v1/runs/${late}/cancel?waitMs=10000`, { reason: 'too late' })).toMatchObject({
      status: 200,
      body: { status: 'cancelled', stop: { cause: 'cancelled', reason: 'too late' } },
    });
    const other = await api.post(`/v1/runs/${late}/retry?waitMs=10000&timeline=none`);
    expect(other.body).toMatchObject({ status: 'completed', retryOf: late });
    expect(idOf(other.body)).not.toBe(late);
    const repeated = await api.post(`/v1/runs/${late}/retry`);
    expect(idOf(repeated.body)).toBe(idOf(other.body));
    expect([other, repeated].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
  });

  test('a run that is none', async () => {
    for (const path of ['', '/timeline', '/payload?of=input', '/events']) {
      expect(await api.get(`/v1/runs/nobody${path}`)).toMatchObject({ status: 404, body: { code: 'UNKNOWN_RUN' } });
    }
    expect(await api.post('/v1/runs/nobody/cancel')).toMatchObject({ status: 404, body: { code: 'UNKNOWN_RUN' } });
  });
});

describe('every day', () => {
  test('a run is found by its tag, and erased when it has ended', async () => {
    const tags = { customer: '42' };
    const run = await start({ workflow: 'fragile', input: { how: 'well' }, tags });
    expect(await api.get(`/v1/runs/${run}`)).toMatchObject({ body: { tags } });
    expect(await api.get(`/v1/runs/${run}?timeline=none`)).toMatchObject({ body: { tags } });
    const found = { body: { runs: [{ id: run }] } };
    expect(await api.get('/v1/runs?tag=customer%3D42&workflow=fragile')).toMatchObject(found);
    expect(await api.get('/v1/runs?tag=customer')).toMatchObject({ status: 422 });
    expect(await api.post('/v1/runs', { workflow: 'fragile', input: {}, tags: { '': 'x' } })).toMatchObject({
      status: 422,
    });
    await api.sy.run(run).wait('10s');
    expect(await api.send('DELETE', `/v1/runs/${run}`)).toMatchObject({ status: 200, body: { run, erased: true } });
    expect(await api.send('DELETE', `/v1/runs/${run}`)).toMatchObject({ status: 404, body: { code: 'UNKNOWN_RUN' } });
    const open = await start({ workflow: 'fragile', input: {}, delayMs: 60_000 });
    expect(await api.send('DELETE', `/v1/runs/${open}`)).toMatchObject({
      status: 409,
      body: { code: 'ILLEGAL_STATE' },
    });
  });

  test('a workflow is paused and goes on', async () => {
    const paused = await api.post('/v1/pause', { workflow: 'greet', by: 'eve', reason: 'lunch' });
    expect(paused.body).toMatchObject({ workflows: [{ workflow: 'greet', held: 0, by: 'eve', reason: 'lunch' }] });
    const run = await start({ workflow: 'greet', input: { city: 'Paris' } });
    expect(await api.get('/v1/paused')).toMatchObject({ body: { workflows: [{ held: 1 }], queues: [] } });
    expect(await api.post('/v1/unpause', { workflow: 'greet' })).toMatchObject({ body: { workflows: [] } });
    expect(await api.sy.run(run).wait('10s')).toMatchObject({ status: 'completed' });
    const queues = await api.get('/v1/queues');
    expect(queues.body).toMatchObject({
      queues: expect.arrayContaining([expect.objectContaining({ queue: 'tasks' })]),
    });
    for (const body of [{}, { workflow: 'greet', queue: 'tasks' }, { queue: 'nobody' }])
      expect(await api.post('/v1/pause', body)).toMatchObject({ status: 422 });
    expect(await api.post('/v1/pause', { workflow: 'nobody' })).toMatchObject({ status: 404 });
  });

  test('a schedule is set, paused, resumed, listed and removed', async () => {
    const spec = { workflow: 'greet', cron: '0 0 1 1 *', input: { city: '{date}' } };
    const set = await api.send('PUT', '/v1/schedules/yearly', spec);
    expect(set).toMatchObject({ status: 200, body: { name: 'yearly', ...spec, next: expect.any(Number) } });
    const paused = await api.post('/v1/schedules/yearly/pause', { by: 'eve' });
    expect(paused.body).toMatchObject({ paused: { by: 'eve' } });
    expect(paused.body).not.toHaveProperty('next');
    expect(await api.post('/v1/schedules/yearly/resume')).toMatchObject({ body: { next: expect.any(Number) } });
    expect(await api.get('/v1/schedules')).toMatchObject({ body: { schedules: [{ name: 'yearly' }] } });
    expect(await api.send('PUT', '/v1/schedules/x', { workflow: 'greet' })).toMatchObject({ status: 422 });
    expect(await api.send('DELETE', '/v1/schedules/yearly')).toMatchObject({ body: { removed: true } });
    expect(await api.post('/v1/schedules/yearly/pause')).toMatchObject({ status: 422 });
  });
});

test('every operation of the document has been answered here, but for the streams', () => {
  const open = api.operations().filter((operation) => !api.answered.has(operation) && !operation.endsWith('/events'));
  expect(open).toEqual(['get /healthz', 'get /readyz']);
});
