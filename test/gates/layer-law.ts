/** The layer law as data: what each room may import. ARCHITECTURE.md says why. */
import type { SourceFile } from './source-graph.js';

const LEAVES = ['leaf'];
const PURE = [...LEAVES, 'orchestrators'];

/** Which rooms a room may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  leaf: [],
  orchestrators: LEAVES,
  queues: PURE,
  processors: PURE,
  adapters: LEAVES,
  workflows: PURE,
  servers: LEAVES,
  // Not a server of tools of its own but another way to reach runs, like the HTTP API.
  'servers/workflows': [...PURE, 'queues', 'engine', 'servers'],
  engine: [...PURE, 'queues', 'processors', 'adapters'],
  /** Runs in memory: the processors, what the queues' files decide, and how the log is read; nothing that reaches Redis. */
  testing: [...PURE, 'queues', 'processors', 'adapters'],
  api: [...PURE, 'queues', 'adapters', 'engine'],
  /** In the browser: of the rooms above only their types, see TYPES_ONLY. */
  ui: PURE,
  cli: [...PURE, 'queues', 'adapters', 'workflows', 'servers', 'servers/workflows', 'engine', 'api'],
  entry: [...PURE, 'queues', 'adapters', 'workflows', 'engine', 'api', 'cli', 'testing'],
};

/** Files at the top of `src` that are not leaves. */
const TOP: Readonly<Record<string, string>> = {
  'bull-board.ts': 'entry',
  'embedded-redis.ts': 'entry',
  'index.ts': 'entry',
  'observability.ts': 'entry',
  'testing.ts': 'entry',
  'main.ts': 'entry',
};

/** Packages that may be imported only in some places: a folder, or one file. */
const PACKAGE_PLACES: Readonly<Record<string, readonly string[]>> = {
  bullmq: ['queues/', 'processors/queue-worker.ts', 'processors/worked-job.ts'],
  ioredis: ['adapters/', 'servers/', 'api/'],
  pino: ['adapters/', 'servers/', 'api/'],
  '@modelcontextprotocol/sdk': ['adapters/', 'servers/', 'api/'],
  libsql: ['servers/'],
  fastify: ['api/'],
  '@fastify/rate-limit': ['api/'],
  '@fastify/static': ['api/'],
  '@fastify/swagger': ['api/'],
  '@fastify/swagger-ui': ['api/'],
  '@bull-board/api': ['api/', 'bull-board.ts'],
  '@bull-board/fastify': ['api/'],
  preact: ['ui/'],
  commander: ['cli/', 'main.ts'],
  'prom-client': ['adapters/observability/'],
  '@opentelemetry/api': ['adapters/observability/'],
  '@opentelemetry/sdk-trace-node': ['adapters/observability/export-traces.ts'],
  '@opentelemetry/resources': ['adapters/observability/export-traces.ts'],
  '@opentelemetry/exporter-trace-otlp-http': ['adapters/observability/export-traces.ts'],
  picocolors: ['cli/'],
};

/** Rooms that are bundled for a browser: an import of a value would bring the engine and its packages along. */
const TYPES_ONLY = new Set(['ui']);

/** Packages that any room may import. */
const EVERYWHERE = new Set(['zod']);

export function roomOf(path: string): string {
  const within = Object.keys(MAY_IMPORT).find((room) => room.includes('/') && path.startsWith(`${room}/`));
  if (within !== undefined) return within;
  const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;
  return folder ?? TOP[path] ?? 'leaf';
}

/** Every broken rule, as a sentence; an empty list when the law is kept. */
export function violations(sources: readonly SourceFile[]): readonly string[] {
  return sources.flatMap((source) => [
    ...roomViolations(source),
    ...valueViolations(source),
    ...packageViolations(source),
  ]);
}

function roomViolations({ path, internal }: SourceFile): readonly string[] {
  const room = roomOf(path);
  const allowed = MAY_IMPORT[room];
  if (!allowed) return [`${path}: there is no room "${room}" in the layer law`];
  return internal
    .filter((target) => roomOf(target) !== room && !allowed.includes(roomOf(target)))
    .map((target) => `${path} (${room}) must not import ${target} (${roomOf(target)})`);
}

function valueViolations({ path, text }: SourceFile): readonly string[] {
  const room = roomOf(path);
  if (!TYPES_ONLY.has(room)) return [];
  const depth = path.split('/').length - 1;
  const outside = new RegExp(`^import (?!type )[^;]*'(?:\\.\\./){${depth},}`, 'gm');
  return [...text.matchAll(outside)].map(([found]) => `${path} (${room}) must import types only: ${found}`);
}

function packageViolations({ path, packages }: SourceFile): readonly string[] {
  return packages
    .filter((name) => !EVERYWHERE.has(name) && !(PACKAGE_PLACES[name] ?? []).some((place) => path.startsWith(place)))
    .map((name) => `${path} must not import the package ${name}`);
}
