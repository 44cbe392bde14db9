/**
 * The HTTP API as its callers have it: a real server on a free port, asked over the network. Every JSON answer is held
 * against the OpenAPI document that the server itself gives out, so that no test can pass with an answer that the document
 * does not describe.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { z } from 'zod';
import { type ApiOptions, startApi } from '../../src/api/server.js';
import { type Switchyard, type SwitchyardOptions, switchyard } from '../../src/engine/engine.js';
import type { WorkersOptions } from '../../src/engine/workers.js';
import type { Workflow } from '../../src/orchestrators/definition.js';
import { deletePrefix, openTestRedis, redisUrl, testPrefix } from './redis.js';
import { silentLog } from './silent-log.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text as it is. */
  readonly body: unknown;
}

export interface TestApi {
  readonly url: string;
  readonly sy: Switchyard;
  readonly redis: Redis;
  readonly prefix: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  send(method: 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  /** Operations of the document that were answered with success so far, as `get /v1/runs`. */
  readonly answered: ReadonlySet<string>;
  operations(): readonly string[];
  watched(): readonly string[];
  close(): Promise<void>;
}

export interface TestApiOptions {
  readonly api?: Partial<ApiOptions>;
  readonly engine?: Partial<SwitchyardOptions>;
  /** Stands between the server and its Switchyard, to count what is asked. */
  readonly wrap?: (sy: Switchyard) => Switchyard;
  /** False: nobody works. */
  readonly workers?: WorkersOptions | false;
}

const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) }))),
});

/** Whoever opens it closes it: `afterAll(() => api.close())`. */
export async function openApi(workflows: readonly Workflow[], options: TestApiOptions = {}): Promise<TestApi> {
  const prefix = testPrefix();
  const redis = openTestRedis();
  const connection = redisUrl();
  const sy = switchyard({ connection, prefix, workflows, logger: silentLog, ...options.engine });
  const workers = options.workers === false ? undefined : sy.workers({ graceMs: 500, ...options.workers });
  await workers?.start();
  const api = await startApi({
    sy: options.wrap?.(sy) ?? sy,
    connection,
    prefix,
    port: 0,
    log: silentLog,
    ...options.api,
  });
  const token = options.api?.token;
  const auth: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const contract = contractOf(await (await fetch(`${api.url}/openapi.json`, { headers: auth })).json());

  async function ask(method: string, path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${api.url}${path}`, { method, ...init });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    const body: unknown = isJson ? JSON.parse(text) : text;
    contract.check(method, path, response, body);
    return { status: response.status, headers: response.headers, body };
  }

  return {
    url: api.url,
    sy,
    redis,
    prefix,
    answered: contract.answered,
    operations: () => contract.operations,
    watched: api.watched,
    get: (path, headers = {}) => ask('GET', path, { headers: { ...auth, ...headers } }),
    post: (path, body = {}, headers = {}) =>
      ask('POST', path, {
        headers: { ...auth, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    send: (method, path, body) =>
      ask(method, path, {
        headers: { ...auth, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    async close() {
      await api.close();
      await workers?.stop();
      await sy.close();
      await deletePrefix(prefix);
      redis.disconnect();
    },
  };
}

function contractOf(served: unknown) {
  const { paths } = Document.parse(served);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(served as object, 'openapi.json');
  const answered = new Set<string>();
  const patterns = Object.keys(paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`),
  }));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );

  /** Of a path that the document does not have only problems may come. */
  function check(method: string, path: string, response: Response, body: unknown): void {
    const known = patterns.find(({ pattern }) => pattern.test(path.split('?')[0] ?? ''))?.path;
    const operation = known === undefined ? undefined : paths[known]?.[method.toLowerCase()];
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const where = `${method} ${path} → ${response.status} ${type}`;
    if (!operation || known === undefined) {
      if (response.status < 400) return;
      hold(where, '#/components/schemas/Problem', body);
      return;
    }
    const status = String(response.status);
    expect(Object.keys(operation.responses), where).toContain(status);
    const tokens = ['paths', known, method.toLowerCase(), 'responses', status, 'content', type, 'schema'];
    if (type !== '') hold(where, `#/${tokens.map(escaped).join('/')}`, body);
    if (response.ok) answered.add(`${method.toLowerCase()} ${known}`);
  }

  function hold(where: string, pointer: string, body: unknown): void {
    const validate = ajv.getSchema(`openapi.json${pointer}`);
    expect(validate, `${where} is described`).toBeDefined();
    validate?.(body);
    expect([where, validate?.errors ?? []]).toEqual([where, []]);
  }
  return { check, answered, operations };
}

function escaped(token: string): string {
  return encodeURIComponent(token.replaceAll('~', '~0').replaceAll('/', '~1'));
}
