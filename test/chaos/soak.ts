/**
 * Hours of work in minutes: a steady rate of runs on the shipped worker command at the shipped settings, a fault at each
 * interval, then the checker over the client's own journal and the servers' books, and a look at what has grown.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '../../src/adapters/embedded-redis/embedded-redis.js';
import { canonicalJson } from '../../src/canonical-json.js';
import { type Switchyard, switchyard } from '../../src/engine/engine.js';
import { toSwitchyardError } from '../../src/errors.js';
import { checkHistory } from '../../src/orchestrators/invariants/check.js';
import type { Remains, Submission, Telling } from '../../src/orchestrators/invariants/history.js';
import type { Verdict } from '../../src/orchestrators/invariants/verdict.js';
import { statusOf } from '../../src/orchestrators/timeline.js';
import { shippedWorkflows } from '../../src/workflows/index.js';
import { silentLog } from '../support/silent-log.js';
import { redisEvidence } from './evidence.js';
import { SKU } from './plan.js';
import { childProcesses, openFiles } from './processes.js';
import { booksIn } from './shop.js';
import { Fleet } from './soak-fleet.js';
import { type SoakRun, soakRun } from './soak-runs.js';

export interface SoakOptions {
  readonly folder: string;
  readonly minutes: number;
  /** Runs a second. */
  readonly rate: number;
  readonly say: (line: string) => void;
}

export interface SoakReport {
  readonly verdict: Pick<Verdict, 'violations' | 'checked'>;
  readonly remains: readonly Remains[];
  readonly accepted: number;
  readonly asOrdered: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** More than a soak makes: what is over its retention cannot be judged at the end. */
const KEPT = { count: 1_000_000 };
const WORKERS = 2;
const WARM_UP_RUNS = 90;
const FAULT_EVERY_MS = 30_000;
/** Each kind of fault strikes at least once, however short the soak is. */
const KINDS = ['worker killed', 'worker frozen', 'Redis killed', 'connections reset'] as const;
const SAY_EVERY_MS = 10_000;
/** How long a run may take to end after the last fault, and the time in which memory and handles come back. */
const END_LIMIT_MS = 120_000;
const IDLE_MS = 3_000;
const MB = 1024 * 1024;

export async function soak({ folder, minutes, rate, say }: SoakOptions): Promise<SoakReport> {
  const prefix = '{soak}';
  let redis = await startEmbeddedRedis({ dataDir: folder, log: silentLog });
  const fleet = await Fleet.of(WORKERS, { folder, prefix, redisUrl: redis.url, retention: KEPT });
  const sy = switchyard({
    connection: redis.url,
    prefix,
    workflows: shippedWorkflows,
    logger: silentLog,
    retention: KEPT,
  });
  const client = new SoakClient(sy, join(folder, 'journal'));
  const bookkeeping = booksIn(folder);
  const mark = bookkeeping.mark();
  const stockBefore = bookkeeping.books(mark).stock;
  const faults: Record<string, number> = {};
  const admin = () => new Redis(redis.url, { retryStrategy: () => null });
  const strikes: Readonly<Record<(typeof KINDS)[number], (nth: number) => Promise<void>>> = {
    'worker killed': (nth) => fleet.kill(nth),
    'worker frozen': (nth) => fleet.freeze(nth),
    'Redis killed': async () => {
      process.kill(redis.pid, 'SIGKILL');
      redis = await startEmbeddedRedis({ dataDir: folder, log: silentLog });
    },
    'connections reset': async () => {
      const own = admin();
      await own.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      own.disconnect();
    },
  };
  try {
    await client.submitAll(0, WARM_UP_RUNS, rate);
    await client.untilEnded(END_LIMIT_MS);
    await delay(IDLE_MS);
    const before = await measure(fleet);
    say(`warm: ${describe(before)}`);

    const begun = performance.now();
    const lasts = minutes * 60_000;
    const every = Math.min(FAULT_EVERY_MS, lasts / (KINDS.length + 0.5));
    const striking: Promise<void>[] = [];
    let nth = 0;
    const striker = setInterval(() => {
      const kind = KINDS[nth % KINDS.length] ?? 'worker killed';
      striking.push(strikes[kind](nth++));
      faults[kind] = (faults[kind] ?? 0) + 1;
      say(`${at(begun)} ${kind}; ${client.state()}`);
    }, every);
    const speaker = setInterval(() => say(`${at(begun)} ${client.state()}`), SAY_EVERY_MS);
    await client.submitAll(WARM_UP_RUNS, Math.round((rate * lasts) / 1_000), rate);
    clearInterval(striker);
    await Promise.all(striking);
    await client.untilEnded(END_LIMIT_MS);
    clearInterval(speaker);
    const seconds = (performance.now() - begun) / 1_000;
    say(`${at(begun)} all ended; ${client.state()}`);

    const remains = await untilBack(fleet, before);
    const submissions = client.submissions();
    const runs = submissions.map((_, at) => soakRun(at));
    const own = admin();
    const evidence = await redisEvidence(
      own,
      prefix,
      shippedWorkflows,
      runs.map(({ id }) => id),
    );
    own.disconnect();
    const orders = runs.filter(({ workflow }) => workflow === 'order');
    const books = bookkeeping.books(mark);
    const verdict = checkHistory({
      ...evidence,
      submissions,
      tellings: client.tellings(),
      ledger: books.ledger,
      money: { due: new Map(orders.map((run) => [run.id, run.amountMinor])), movements: books.movements },
      stock: [
        {
          item: SKU,
          before: stockBefore,
          after: books.stock,
          ordered: new Map(orders.map((run) => [run.id, run.pieces])),
        },
      ],
      remains,
      skewMs: 5,
    });
    const asOrdered = submissions.filter(({ answer, ends = [] }) => {
      const facts = answer.kind === 'accepted' ? evidence.runs.get(answer.run) : undefined;
      return facts !== undefined && ends.includes(statusOf(facts));
    }).length;
    return { verdict, remains, accepted: submissions.length, asOrdered, faults, seconds };
  } finally {
    await fleet.stop();
    await sy.close();
    await redis.stop();
  }
}

function at(begun: number): string {
  return `${((performance.now() - begun) / 1_000).toFixed(0).padStart(4)} s`;
}

interface Measured {
  readonly heapBytes: number;
  readonly clientHeapBytes: number;
  readonly files: number;
  readonly clientFiles: number;
  readonly children: number;
}

async function measure(fleet: Fleet): Promise<Measured> {
  globalThis.gc?.();
  const { heapBytes, files } = await fleet.usage();
  return {
    heapBytes,
    clientHeapBytes: process.memoryUsage().heapUsed,
    files,
    clientFiles: openFiles(process.pid),
    children: childProcesses(process.pid).length,
  };
}

function describe({ heapBytes, clientHeapBytes, files, clientFiles, children }: Measured): string {
  const heaps = `heap ${(heapBytes / MB).toFixed(1)} MB (client ${(clientHeapBytes / MB).toFixed(1)} MB)`;
  return `${heaps}, ${files} handles (client ${clientFiles}), ${children} processes`;
}

/** A fifth more heap at most, and some megabytes for what is compiled and cached only under load. */
const HEAP = { share: 1.2, constantMb: 12 };
const SPARE_HANDLES = 4;

function compare(before: Measured, after: Measured): readonly Remains[] {
  const mb = (bytes: number) => Math.round(bytes / MB);
  const heap = (what: string, was: number, is: number): Remains => {
    const tolerance = Math.round(mb(was) * (HEAP.share - 1)) + HEAP.constantMb;
    return { what, before: mb(was), after: mb(is), tolerance };
  };
  return [
    heap('MB of heap of a worker', before.heapBytes, after.heapBytes),
    heap('MB of heap of the client', before.clientHeapBytes, after.clientHeapBytes),
    { what: 'handles of a worker', before: before.files, after: after.files, tolerance: SPARE_HANDLES },
    { what: 'handles of the client', before: before.clientFiles, after: after.clientFiles, tolerance: SPARE_HANDLES },
    { what: 'child processes', before: before.children, after: after.children },
  ];
}

async function untilBack(fleet: Fleet, before: Measured): Promise<readonly Remains[]> {
  for (let left = 10; ; left -= 1) {
    await delay(IDLE_MS);
    const remains = compare(before, await measure(fleet));
    const back = remains.every(({ before: was, after, tolerance = 0 }) => after <= was + tolerance);
    if (back || left === 0) return remains;
  }
}

/** Keeps its journal in a file, so that its own heap shows nothing but Switchyard's. */
class SoakClient {
  #accepted = 0;
  #refused = 0;
  #ended = 0;

  constructor(
    private readonly sy: Switchyard,
    private readonly file: string,
  ) {}

  state(): string {
    const flight = this.#accepted - this.#ended;
    return `${this.#accepted} accepted, ${this.#ended} ended, ${flight} in flight, ${this.#refused} refusals retried`;
  }

  async submitAll(from: number, count: number, rate: number): Promise<void> {
    const begun = performance.now();
    const submitting: Promise<void>[] = [];
    for (let nth = 0; nth < count; nth += 1) {
      const due = begun + (nth * 1_000) / rate;
      const early = due - performance.now();
      if (early > 1) await delay(early);
      submitting.push(this.#submit(soakRun(from + nth)));
    }
    await Promise.all(submitting);
  }

  async untilEnded(limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (this.#ended < this.#accepted && performance.now() < deadline) await delay(100);
  }

  submissions(): readonly Submission[] {
    return this.#lines<Submission>('submitted');
  }

  tellings(): readonly Telling[] {
    return this.#lines<Telling>('told');
  }

  /** Submits until it is told that the run is accepted: whoever got no answer asks again, under the same key. */
  async #submit({ workflow, key, input, ends }: SoakRun): Promise<void> {
    for (;;) {
      try {
        const run = await this.sy.start(workflow, input, { key });
        const answer = { kind: 'accepted', run: run.id, duplicate: run.duplicate } as const;
        const line: Submission = { workflow, key, input: canonicalJson(input), at: Date.now(), answer, ends };
        this.#accepted += 1;
        this.#note('submitted', line);
        void run.wait().then(({ status }) => {
          this.#ended += 1;
          this.#note('told', { run: run.id, status } satisfies Telling);
        });
        return;
      } catch (thrown) {
        if (toSwitchyardError(thrown).code !== 'REDIS_UNAVAILABLE') throw thrown;
        this.#refused += 1;
        await delay(200);
      }
    }
  }

  #note(what: 'submitted' | 'told', line: Submission | Telling): void {
    appendFileSync(`${this.file}-${what}`, `${JSON.stringify(line)}\n`);
  }

  #lines<T>(what: 'submitted' | 'told'): readonly T[] {
    const text = readFileSync(`${this.file}-${what}`, 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
  }
}
