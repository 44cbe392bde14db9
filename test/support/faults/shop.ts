/**
 * A shop that takes orders while things break: the shipped `order` saga, its two MCP servers, real worker processes, a
 * client with a journal of its own. What the servers wrote into their own files is the truth that all else is held against.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Redis } from 'ioredis';
import { type Switchyard, switchyard } from '../../../src/engine/engine.js';
import { SwitchyardError } from '../../../src/errors.js';
import type { RunStatus } from '../../../src/facts.js';
import type { RunState } from '../../../src/queues/run-handle.js';
import { order } from '../../../src/workflows/order.js';
import { silentLog } from '../silent-log.js';
import { ShopBooks, SKU } from './shop-books.js';
import { type ShopWorker, type ShopWorkerOptions, startShopWorker } from './shop-worker-process.js';
import { lasting, until } from './until.js';

const DIST = resolve('dist');
const AMOUNT_MINOR = 1_990;
/** Orders come in one after the other, so that some are being accepted whenever a fault strikes; */
const SUBMIT_EVERY_MS = 30;
/** and at most so many at once, as many as a small API has under way. */
const SUBMIT_AT_ONCE = 20;
/** A client that gave up is no client of ours. */
const SUBMIT_LIMIT_MS = 120_000;
/** After so long an order that is not paid is held up by something. */
const UNPAID_MS = 3_000;
const REMAINS_LIMIT_MS = 15_000;

/** Every tenth order cannot be shipped, and is to be taken back. */
const REFUSED_STREET = 'Refused Street 1';
const FAULTS = [
  { tool: 'create_shipping_label', match: REFUSED_STREET, fail: 'always', retryable: false, message: 'no such street' },
];

export interface ShopOptions {
  readonly folder: string;
  /** What workers and clients are given. */
  readonly url: string;
  /** Past all proxies. */
  readonly admin: Redis;
  readonly quick: boolean;
  /** Every tenth order is to be undone; off where all must complete. */
  readonly refusals?: boolean;
}

interface Journalled {
  /** Its number. */
  readonly at: number;
  readonly acceptedAt: number;
  readonly expected: RunStatus;
  readonly quantity: number;
}

export interface AuditOptions {
  /** Redis may have forgotten runs and records: what it forgot is named instead. */
  readonly mayBeLost?: boolean;
  /** Somebody meddled with jobs: runs must end, or ask a person, and not lie; not as they were ordered to. */
  readonly endsAnyhow?: boolean;
}

/** The question, and the root that sleeps by it. */
const WAITING_FOR_A_PERSON = /:attention:|:runs:waiting-children$/;
const ASKING: ReadonlySet<string> = new Set(['in_doubt', 'compensation_stuck']);
const ENDED: ReadonlySet<string> = new Set(['completed', 'compensated', 'failed', ...ASKING]);

export interface Audit {
  readonly violations: readonly string[];
  readonly ends: Readonly<Record<string, number>>;
  /** Keys of effects in the books that no run's log knows of. */
  readonly orphans: readonly string[];
  /** Accepted runs that Redis no longer knows. */
  readonly lost: readonly string[];
  /** Attempts that failed for another reason than a lost worker: none may be burnt by a fault of Redis. */
  readonly burnt: readonly string[];
}

export class Shop {
  readonly prefix = '{shop}';
  /** What clients were told is accepted, by run id. */
  readonly journal = new Map<string, Journalled>();
  /** How often a client was told that it has to try again. */
  refusals = 0;
  readonly books: ShopBooks;
  readonly #options: ShopOptions;
  readonly #clients: Switchyard[] = [];
  readonly #workers: ShopWorker[] = [];
  #stockBefore = 0;

  private constructor(options: ShopOptions) {
    this.#options = options;
    this.books = new ShopBooks(join(options.folder, 'shop'));
  }

  static async open(options: ShopOptions): Promise<Shop> {
    const shop = new Shop(options);
    await shop.#prepare();
    return shop;
  }

  get admin(): Redis {
    return this.#options.admin;
  }

  get folder(): string {
    return join(this.#options.folder, 'shop');
  }

  async #prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const server = (name: string) => ({
      command: process.execPath,
      args: [
        join(DIST, 'servers', name, 'main.js'),
        '--data',
        this.folder,
        '--faults',
        join(this.folder, 'faults.json'),
      ],
    });
    const mcpServers = { database: server('database'), commerce: server('commerce') };
    const workflows = pathToFileURL(join(DIST, 'workflows', 'index.js')).href;
    const config = `import { order } from ${JSON.stringify(workflows)};
export default { workflows: [order], prefix: ${JSON.stringify(this.prefix)} };
`;
    await writeFile(join(this.folder, 'faults.json'), JSON.stringify(FAULTS));
    await writeFile(join(this.folder, 'mcp.json'), JSON.stringify({ mcpServers }));
    await writeFile(join(this.folder, 'switchyard.config.mjs'), config);
    this.#stockBefore = this.books.stock();
  }

  /** Another client, as another process would have one; closed with the shop. */
  client(url = this.#options.url): Switchyard {
    const sy = switchyard({ connection: url, prefix: this.prefix, workflows: [order], logger: silentLog });
    this.#clients.push(sy);
    return sy;
  }

  /** A worker process that is ready; ended with the shop. */
  async worker(more: Partial<ShopWorkerOptions> = {}): Promise<ShopWorker> {
    const { url, quick } = this.#options;
    const worker = await startShopWorker({ folder: this.folder, prefix: this.prefix, url, quick, ...more });
    this.#workers.push(worker);
    return worker;
  }

  order(at: number) {
    const refused = this.#options.refusals !== false && at % 10 === 9;
    return {
      expected: (refused ? 'compensated' : 'completed') as RunStatus,
      input: {
        customer: { name: `Customer ${at}`, email: `customer${at}@example.com`, id: `cus-${at}` },
        items: [{ sku: SKU, quantity: 1 + (at % 3) }],
        amountMinor: AMOUNT_MINOR,
        address: {
          street: refused ? REFUSED_STREET : `Main Street ${at}`,
          city: 'Utrecht',
          postalCode: '3511',
          country: 'NL',
        },
      },
    };
  }

  /**
   * Sends orders `from` to `to`, each again with its key until it is accepted, as clients are told to.
   *
   * @param ahead at most so many accepted orders that are not paid yet: with few, the newest run is at work already
   */
  async submit(sy: Switchyard, from: number, to: number, { ahead = Number.POSITIVE_INFINITY } = {}): Promise<void> {
    let next = from;
    const begun = performance.now();
    const lane = async () => {
      for (let at = next; at < to; at = next) {
        next += 1;
        await lasting(begun + (at - from) * SUBMIT_EVERY_MS - performance.now());
        await until(() => this.#unpaid() < ahead, { limitMs: SUBMIT_LIMIT_MS });
        await this.#submitOne(sy, at);
      }
    };
    await Promise.all(Array.from({ length: SUBMIT_AT_ONCE }, lane));
  }

  /** Of the runs accepted lately, that is: a fault may have lost older ones for good. */
  #unpaid(): number {
    const since = Date.now() - UNPAID_MS;
    const lately = [...this.journal].filter(([, { acceptedAt }]) => acceptedAt > since);
    if (lately.length === 0) return 0;
    const paid = this.books.byOrder();
    return lately.filter(([run]) => !paid.has(run)).length;
  }

  async #submitOne(sy: Switchyard, at: number): Promise<void> {
    const { input, expected } = this.order(at);
    const end = Date.now() + SUBMIT_LIMIT_MS;
    for (;;) {
      try {
        const run = await sy.start(order, input, { key: `order-${at}` });
        this.journal.set(run.id, { at, acceptedAt: Date.now(), expected, quantity: 1 + (at % 3) });
        return;
      } catch (error) {
        if (!(error instanceof SwitchyardError) || !error.retryable || Date.now() > end) throw error;
        this.refusals += 1;
        await lasting(100);
      }
    }
  }

  /** Waits for every accepted run, and holds what was said against the books. */
  async audit(limitMs: number, { mayBeLost = false, endsAnyhow = false }: AuditOptions = {}): Promise<Audit> {
    const { url, admin } = this.#options;
    const [sy, end] = [this.client(url), Date.now() + limitMs];
    const states = await Promise.all(
      [...this.journal.keys()].map(async (run) => [run, await stateAtEnd(sy, run, end)] as const),
    );
    const ends: Record<string, number> = {};
    const [violations, lost, burnt]: [string[], string[], string[]] = [[], [], []];
    // What runs that ask a person have taken is theirs to keep or to give back.
    let [sold, open] = [0, 0];
    const books = this.books.byOrder();
    const orphans = await this.#orphans();
    const forgotten = new Set(mayBeLost ? orphans.map(runOfKey) : []);
    for (const [run, state] of states) {
      const told = this.journal.get(run);
      const status = state === undefined ? 'lost' : state instanceof Error ? `error: ${state.message}` : state.status;
      ends[status] = (ends[status] ?? 0) + 1;
      if (state === undefined) {
        lost.push(run);
        if (!mayBeLost) violations.push(`I1 ${run}: was accepted, and is unknown`);
        continue;
      }
      const fits = endsAnyhow ? ENDED.has(status) : status === told?.expected;
      const failure = !(state instanceof Error) && 'error' in state ? state.error : undefined;
      const why = failure ? `: ${failure.code} at ${failure.step}: ${failure.message}` : '';
      if (!fits) violations.push(`I1 ${run}: is ${status}, ordered: ${told?.expected}${why}`);
      if (status === 'completed') sold += told?.quantity ?? 0;
      if (ASKING.has(status)) open += told?.quantity ?? 0;
      if (state instanceof Error) continue;
      if (!forgotten.has(run)) violations.push(...moneyViolations(state, books.get(run)));
      burnt.push(...burntAttempts(state));
    }
    if (!mayBeLost) {
      const gone = this.#stockBefore - this.books.stock();
      if (gone < sold || gone > sold + open) violations.push(`I3: ${gone} pieces are gone, ${sold} were sold`);
      violations.push(...orphans.map((key) => `I4 ${key}: is in the books, and in no run's log`));
    }
    violations.push(...(await this.#remains(admin, endsAnyhow ? WAITING_FOR_A_PERSON : /^$/)));
    return { violations, ends, orphans, lost, burnt };
  }

  async #orphans(): Promise<readonly string[]> {
    const known = async (key: string) => {
      const [run, stage] = key.split('/');
      const found = await this.admin.hmget(`${this.prefix}:log:${run}`, `intent/${stage}`, `done/${stage}`);
      return found.some((record) => record !== null) ? [] : [key];
    };
    return (await Promise.all(this.books.keys().map(known))).flat();
  }

  /** Jobs that have not ended, though every run has. */
  async #remains(admin: Redis, except: RegExp): Promise<readonly string[]> {
    const lists = ['wait', 'active', 'paused', 'delayed', 'prioritized', 'waiting-children'];
    const count = async () => {
      const keys = (await admin.keys(`${this.prefix}:*`)).filter(
        (key) => !except.test(key) && lists.some((list) => key.endsWith(`:${list}`)),
      );
      const counts = keys.map(async (key) => {
        const size = (await admin.type(key)) === 'list' ? await admin.llen(key) : await admin.zcard(key);
        return size === 0 ? [] : [`I1: ${size} jobs are left in ${key}`];
      });
      return (await Promise.all(counts)).flat();
    };
    let left = await count();
    await until(
      async () => {
        left = await count();
        return left.length === 0;
      },
      { limitMs: REMAINS_LIMIT_MS },
    ).catch(() => undefined);
    return left;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end()));
    await Promise.all(this.#clients.map((sy) => sy.close()));
    this.books.close();
  }
}

const runOfKey = (key: string): string => key.slice(0, key.indexOf('/'));

/** Undefined: the run is unknown. */
async function stateAtEnd(sy: Switchyard, run: string, end: number): Promise<RunState | Error | undefined> {
  try {
    return await sy.run(run).wait(Math.max(1, end - Date.now()));
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === 'UNKNOWN_RUN') return undefined;
    return error instanceof Error ? error : new Error(String(error));
  }
}

function moneyViolations(state: RunState, of: { charges: number; refunds: number } | undefined): readonly string[] {
  const { charges, refunds } = of ?? { charges: 0, refunds: 0 };
  const wrong =
    (state.status === 'completed' && (charges !== 1 || refunds !== 0)) ||
    ((state.status === 'compensated' || state.status === 'failed') && (charges > 1 || refunds !== charges));
  if (!wrong) return [];
  return [`I2 ${state.id}: ${state.status} with ${charges} charges and ${refunds} refunds; ${storyOf(state)}`];
}

/** How it came to that, in one line. */
function storyOf({ timeline }: RunState): string {
  return timeline
    .map(({ name, state, attempts }) => {
      const errors = attempts.flatMap(({ n, error }) => (error ? [`${n}: ${error.code} ${error.message}`] : []));
      return `${name} ${state}${errors.length > 0 ? ` (${errors.join('; ')})` : ''}`;
    })
    .join(', ');
}

function burntAttempts({ id, timeline }: RunState): readonly string[] {
  return timeline.flatMap(({ name, attempts }) =>
    attempts.flatMap(({ n, error }) =>
      error === undefined || error.code === 'WORKER_LOST' || error.message.includes('no such street')
        ? []
        : [`${id} ${name} attempt ${n}: ${error.code}: ${error.message}`],
    ),
  );
}
