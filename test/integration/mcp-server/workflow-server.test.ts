import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { PermanentError } from '../../../src/errors.js';
import type { Workflow, WorkflowDefinition } from '../../../src/orchestrators/definition.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { workflowTask } from '../../../src/orchestrators/workflow-task.js';
import { serveHttp } from '../../../src/servers/serve-http.js';
import { createWorkflowServer } from '../../../src/servers/workflows/workflow-server.js';
import { approval, signal } from '../../../src/wait-task.js';
import { order, parallel, support } from '../../../src/workflows/index.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { signal as happening, task } from '../../support/workflows.js';
import { serve, TestClient } from './served.js';

const Input = z.strictObject({ amount: z.int(), note: z.string().optional() });

/** One step that is done at once, and one that waits until it is told to go on. */
const gated = defineSaga({ name: 'gated', input: Input })
  .step('first', task('first'), { with: ({ input }) => input })
  .step('gate', signal({ name: 'gate', output: z.object({ ok: z.boolean() }) }), { with: () => ({}) })
  .step('last', task('last'), { with: ({ input }) => input.amount })
  .returns((done) => ({ last: done.last }));

const asking = defineFanOut({
  name: 'asking',
  input: Input,
  branches: { yes: { run: approval(), with: ({ amount }) => ({ question: `pay ${amount}?` }) } },
  aggregate: ({ yes }) => yes.state,
});

const listing = defineFanOut({
  name: 'listing',
  input: z.array(z.string()),
  each: task('each', (item) => String(item).length),
  split: (items) => items,
  aggregate: (results) => results.map((result) => (result.state === 'completed' ? result.output : null)),
});

const failing = defineFanOut({
  name: 'failing',
  input: z.object({}),
  branches: {
    only: {
      run: task('only', () => {
        throw new PermanentError('no such account');
      }),
      with: () => ({}),
    },
  },
  aggregate: () => 'nothing',
});

const all = [gated, asking, listing, failing];

it('lists each workflow as a tool with its input and output schema, and the tools about runs', async () => {
  const { client } = await serve(useEngine([...all, order, parallel, support]), [...all, order, parallel, support]);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    ...['gated', 'asking', 'listing', 'failing', 'order', 'parallel', 'support'],
    ...['run_status', 'run_result', 'run_wait', 'run_list', 'run_cancel', 'run_retry'],
  ]);
  const placed = tools.find(({ name }) => name === 'order');
  expect(placed?.inputSchema).toMatchObject({
    type: 'object',
    properties: { amountMinor: { type: 'integer' }, _run: { properties: { key: { type: 'string' } } } },
    additionalProperties: false,
  });
  expect(placed?.inputSchema.required).not.toContain('_run');
  expect(placed?.outputSchema).toMatchObject({ properties: { id: {}, status: {}, output: {}, error: {} } });
  expect(placed?.description).toContain('create_user_account, then charge_payment');
  for (const { description } of tools) expect(description).toMatch(/\S/);
  expect(client.getInstructions()).toContain('do not start it again');
});

it('claims of a workflow what its tasks declare and no more, and what its project says of it', async () => {
  const idempotent = defineFanOut({
    name: 'idempotent',
    input: z.object({}),
    branches: { a: { run: task('a', () => 1, { idempotent: true }), with: () => ({}) } },
    aggregate: () => 1,
  });
  const workflows = [gated, asking, idempotent];
  const { client } = await serve(useEngine(workflows), workflows, {
    agentTools: { idempotent: { title: 'Look', description: 'Looks.', hints: { readOnlyHint: true } }, asking: false },
  });
  const { tools } = await client.listTools();
  const told = new Map(tools.map((tool) => [tool.name, tool]));
  expect(told.has('asking')).toBe(false);
  expect(told.get('gated')?.annotations).toEqual({
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: true,
  });
  expect(told.get('idempotent')).toMatchObject({
    title: 'Look',
    description: expect.stringMatching(/^Looks\.\n/),
    annotations: { readOnlyHint: true, destructiveHint: true, idempotentHint: true },
  });
  for (const name of ['run_status', 'run_result', 'run_wait', 'run_list'])
    expect(told.get(name)?.annotations?.readOnlyHint).toBe(true);
});

it('waits with progress, told the run first, and answers with the structured result', async () => {
  const engine = await useWorkingEngine([gated]);
  const agent = await serve(engine, [gated]);
  const seen: { progress: number; total?: number | undefined; message?: string | undefined; _meta?: unknown }[] = [];
  const { happened: waits, happen: itWaits } = happening();
  const call = agent.answer(
    'gated',
    { amount: 3, _run: { key: 'g' } },
    {
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.progress >= 1) itWaits();
      },
    },
  );
  await waits;
  const [run] = (await engine.sy.list()).runs;
  await engine.sy.run(run?.id ?? '').signal('gate', { ok: true });
  const answer = await call;
  expect(answer).toMatchObject({
    ...{ id: run?.id, status: 'completed', ended: true, isError: false },
    output: { last: 3 },
    stages: { ended: 3, known: 3 },
  });
  expect(JSON.parse(answer.text)).toMatchObject({ id: run?.id, output: { last: 3 } });
  expect(seen[0]).toMatchObject({ progress: 0, _meta: { 'switchyard/run': run?.id } });
  expect(seen[0]?.message).toContain(run?.id);
  expect(seen.map(({ progress }) => progress)).toEqual(
    [...new Set(seen.map(({ progress }) => progress))].sort((a, b) => a - b),
  );
  expect(seen.at(-1)?.total).toBe(3);
  expect(agent.logged[0]).toMatchObject({ run: run?.id, message: expect.stringContaining('accepted') });
});

it('a call that reaches its limit says that the run goes on; it is waited for again by id, and by key', async () => {
  const engine = await useWorkingEngine([gated]);
  const agent = await serve(engine, [gated]);
  const started = await agent.answer('gated', { amount: 1, _run: { key: 'k', waitSeconds: 0 } });
  expect(started).toMatchObject({ ended: false, isError: false, next: expect.stringContaining('run_wait') });
  expect(started.output).toBeUndefined();
  const byKey = agent.answer('run_wait', { workflow: 'gated', key: 'k' });
  const byId = agent.answer('run_wait', { id: started.id });
  const again = agent.answer('gated', { amount: 1, _run: { key: 'k' } });
  await engine.sy.run(started.id).signal('gate', { ok: true });
  for (const { id, status, output } of await Promise.all([byKey, byId, again])) {
    expect({ id, status, output }).toEqual({ id: started.id, status: 'completed', output: { last: 1 } });
  }
  expect((await engine.sy.list()).runs).toHaveLength(1);
  expect(await agent.refusal('gated', { amount: 2, _run: { key: 'k' } })).toMatchObject({ code: 'KEY_CONFLICT' });
  expect(await agent.answer('run_result', { id: started.id })).toMatchObject({ output: { last: 1 } });
});

it('a call that its client cancels stops waiting; its run goes on, unless it was to be taken along', async () => {
  const engine = await useWorkingEngine([gated]);
  const agent = await serve(engine, [gated]);
  const cancelled = async (key: string, more: object) => {
    const controller = new AbortController();
    const { happened: begun, happen: begin } = happening();
    const call = agent.call(
      'gated',
      { amount: 1, _run: { key, ...more } },
      { signal: controller.signal, onProgress: begin },
    );
    await begun;
    controller.abort('the user pressed Escape');
    await expect(call).rejects.toThrow('Escape');
    return (await agent.answer('run_wait', { workflow: 'gated', key, waitSeconds: 0 })).id;
  };
  const left = await cancelled('left', {});
  const taken = await cancelled('taken', { cancelWithCall: true });
  const ended = await agent.answer('run_wait', { id: taken });
  expect(ended).toMatchObject({ status: 'cancelled', ended: true, isError: true });
  expect(await engine.sy.run(taken).describe()).toMatchObject({ stop: { cause: 'cancelled', by: 'mcp:test-agent' } });
  expect((await agent.answer('run_result', { id: left })).ended).toBe(false);
  await engine.sy.run(left).signal('gate', { ok: true });
  expect(await agent.answer('run_wait', { id: left })).toMatchObject({ status: 'completed' });
});

it('an input that is no object is taken under `input`, and options that are none are refused', async () => {
  const engine = await useWorkingEngine(all);
  const agent = await serve(engine, all);
  expect(await agent.answer('listing', { input: ['a', 'bcd'] })).toMatchObject({ status: 'completed', output: [1, 3] });
  expect(await agent.refusal('listing', { input: ['a'], more: 1 })).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('"more"'),
  });
  expect(await agent.refusal('gated', { amount: 'much' })).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('amount'),
    retryable: false,
  });
  expect(await agent.refusal('gated', { amount: 1, _run: { kee: 'x' } })).toMatchObject({
    message: expect.stringContaining('_run'),
  });
  await expect(agent.call('nothing')).rejects.toThrow('it has: gated');
});

it('a run that failed is a tool error with its code; that it failed is no error of who asks how it stands', async () => {
  const engine = await useWorkingEngine([failing]);
  const agent = await serve(engine, [failing]);
  const failed = await agent.answer('failing');
  expect(failed).toMatchObject({ status: 'failed', isError: true, error: { code: 'ALL_BRANCHES_FAILED' } });
  expect(failed.next).toContain('run_retry');
  const status = await agent.answer('run_status', { id: failed.id });
  expect(status).toMatchObject({
    isError: false,
    timeline: [{ name: 'only', state: 'failed', attempts: 1, error: { message: 'no such account' } }],
  });
  expect(await agent.refusal('run_status', { id: 'failing-0-t1' })).toMatchObject({ code: 'UNKNOWN_RUN' });
  const listed = await agent.call('run_list', { status: 'failed' });
  expect(listed.structuredContent).toMatchObject({ runs: [{ id: failed.id, status: 'failed' }] });
});

it('finds a run by the tag that it was started with', async () => {
  const engine = await useWorkingEngine([gated]);
  const agent = await serve(engine, [gated]);
  await agent.answer('gated', { amount: 1, _run: { waitSeconds: 0 } });
  const { id } = await agent.answer('gated', { amount: 2, _run: { waitSeconds: 0, tags: { customer: '42' } } });
  const found = await agent.call('run_list', { tag: 'customer=42' });
  expect(found.structuredContent).toMatchObject({ runs: [{ id }] });
  expect(await agent.refusal('run_list', { tag: 'customer' })).toMatchObject({ code: 'INVALID_INPUT' });
  expect(await agent.refusal('gated', { amount: 3, _run: { tags: { '': 'x' } } })).toMatchObject({
    code: 'INVALID_INPUT',
  });
});

it("gives an agent a person's words only when it is told to", async () => {
  const engine = await useWorkingEngine([asking]);
  const plain = await serve(engine, [asking]);
  const waiting = await plain.answer('asking', { amount: 5 });
  expect(waiting).toMatchObject({ status: 'waiting_approval', isError: false, questions: [{ about: 'yes' }] });
  expect(waiting.next).toContain(`switchyard show ${waiting.id}`);
  await expect(plain.call('run_approve', { id: waiting.id })).rejects.toThrow('has no tool "run_approve"');

  const operator = await serve(engine, [asking], { operator: true });
  const said = await operator.answer('run_approve', { id: waiting.id, reason: 'my user said yes' });
  expect(said.isError).toBe(false);
  expect(await operator.answer('run_wait', { id: waiting.id })).toMatchObject({
    status: 'completed',
    output: 'completed',
  });
  expect(await operator.refusal('run_skip', { id: waiting.id })).toMatchObject({ code: 'INVALID_INPUT' });
  expect(await operator.refusal('run_skip', { id: waiting.id, reason: 'x' })).toMatchObject({ code: 'ILLEGAL_STATE' });
  expect((await engine.sy.run(waiting.id).describe()).words).toMatchObject([
    { command: 'approve', by: 'mcp:test-agent', reason: 'my user said yes' },
  ]);
});

it('runs are resources: listed, by a template, and read whole', async () => {
  const engine = await useWorkingEngine([failing]);
  const { client, ...agent } = await serve(engine, [failing]);
  void agent;
  const { id } = await engine.sy.start(failing, {});
  await engine.sy.run(id).wait();
  const { resources } = await client.listResources();
  expect(resources).toMatchObject([{ uri: `switchyard://runs/${id}`, name: id, mimeType: 'application/json' }]);
  const { resourceTemplates } = await client.listResourceTemplates();
  expect(resourceTemplates).toMatchObject([{ uriTemplate: 'switchyard://runs/{id}' }]);
  const { contents } = await client.readResource({ uri: `switchyard://runs/${id}` });
  const [content] = contents;
  expect(JSON.parse(content && 'text' in content ? content.text : '')).toMatchObject({ id, input: {}, timeline: [{}] });
  await expect(client.readResource({ uri: 'switchyard://runs/none' })).rejects.toMatchObject({ code: -32_002 });
  await expect(client.readResource({ uri: 'file:///etc/passwd' })).rejects.toMatchObject({ code: -32_602 });
});

it('refuses at start what agents could not tell apart, or be told of', () => {
  const engine = useEngine([gated]);
  const server = (workflows: Parameters<typeof createWorkflowServer>[0]['workflows'], agentTools = {}) =>
    createWorkflowServer({ sy: engine.sy, workflows, version: '0', log: () => undefined, agentTools });
  const shadow = { ...gated, name: 'run_status' };
  expect(() => server([shadow])).toThrow(/rename it/);
  expect(server([shadow], { run_status: false }).tools).not.toContain('gated');
  expect(() => server([gated], { gatd: {} })).toThrow(/"gatd".*there are: gated/);
});

it('tells the run in the log of the call itself, also to a client over HTTP that listens on no other stream', async () => {
  const { sy } = await useWorkingEngine([failing]);
  const server = createWorkflowServer({ sy, workflows: [failing], version: '0', log: () => undefined });
  const endpoint = await serveHttp({
    ...{ host: '127.0.0.1', port: 0, allowedHosts: [], streaming: true },
    createServer: () => server.connect(),
  });
  onTestFinished(() => endpoint.close());
  const connect = () =>
    TestClient.connect(
      new StreamableHTTPClientTransport(new URL(endpoint.url), {
        fetch: async (url, init) =>
          init?.method === 'GET' ? new Response(null, { status: 405 }) : await fetch(url, init),
      }),
    );
  const agent = await connect();
  const { id } = await agent.answer('failing');
  expect(agent.logged[0]).toMatchObject({ run: id, message: expect.stringContaining('accepted') });
  const quiet = await connect();
  await quiet.client.setLoggingLevel('warning');
  await quiet.answer('failing');
  expect(quiet.logged).toEqual([]);
});

it('a workflow that is kept from agents is kept with its runs: none is listed, looked at, stopped or begun again', async () => {
  const nightly = defineFanOut({
    name: 'nightly',
    input: z.object({}),
    branches: { only: { run: task('nightly'), with: () => ({}) } },
    aggregate: () => 'a secret',
  });
  const around = (name: string, inner: Workflow & WorkflowDefinition) =>
    defineFanOut({
      name,
      input: z.object({}),
      branches: { only: { run: workflowTask(inner), with: () => ({}) } },
      aggregate: () => null,
    });
  const shown = around('shown', nightly);
  const kept = around('kept', shown);
  const workflows = [nightly, shown, kept];
  const engine = await useWorkingEngine(workflows);
  const hidden = await engine.sy.start(nightly, {}, { key: 'n' });
  const outer = await engine.sy.start(kept, {});
  expect(await outer.wait('15s')).toMatchObject({ status: 'completed' });
  await hidden.wait('15s');
  const agentTools = { nightly: false, kept: false } as const;
  const agent = await serve(engine, workflows, { agentTools, operator: true });
  for (const { id } of [hidden, outer]) {
    for (const tool of ['status', 'result', 'wait', 'cancel', 'retry', 'approve', 'reject', 'resume']) {
      expect(await agent.refusal(`run_${tool}`, { id })).toMatchObject({ code: 'UNKNOWN_RUN' });
    }
    await expect(agent.client.readResource({ uri: `switchyard://runs/${id}` })).rejects.toMatchObject({
      code: -32_002,
    });
  }
  expect(await agent.refusal('run_wait', { workflow: 'nightly', key: 'n' })).toMatchObject({ code: 'UNKNOWN_RUN' });
  const listed = async (filter: object) =>
    z
      .object({ runs: z.array(z.object({ id: z.string() })) })
      .parse((await agent.call('run_list', { ...filter })).structuredContent).runs;
  const [one, ...more] = await listed({});
  expect(one?.id).toMatch(/^shown-/);
  expect(more).toEqual([]);
  expect(await listed({ limit: 1 })).toEqual([one]);
  expect(await listed({ workflow: 'nightly' })).toEqual([]);
  const { resources } = await agent.client.listResources();
  expect(resources.map(({ name }) => name)).toEqual([one?.id]);
  const { contents } = await agent.client.readResource({ uri: `switchyard://runs/${one?.id}` });
  expect(JSON.stringify(contents)).not.toMatch(/nightly-0-|kept-0-/);
  expect(await agent.answer('run_status', { id: one?.id })).toMatchObject({ status: 'completed' });
});
