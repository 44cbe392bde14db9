/**
 * The pages for people: the run list, a run, a form to start one. One document and its bundle, which decide by the path what
 * they show. They hold no data, and pass without a token: it is they who ask for it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { SwitchyardError } from '../errors.js';

/** Nothing inline, nothing from elsewhere, and no text that becomes code. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

/** Beside the compiled files; for a server that runs from the sources, where the build put it. */
const PLACES = ['../ui/', '../../dist/ui/'];

const PAGES = ['/', '/runs/:id', '/start/:workflow'] as const;
const FILES = '/ui/';

/** Whether a request asks for the pages themselves, which tell nothing of any run. */
export function isUiPath(path: string): boolean {
  return path === '/' || /^\/(runs|start)\/[^/]+$/.test(path) || path.startsWith(FILES);
}

/** @throws SwitchyardError INVALID_CONFIG when the pages were not built */
export function addUiPages(server: FastifyInstance): void {
  const files = builtFiles();
  const page = files.get('index.html');
  for (const path of PAGES) {
    server.get(path, { schema: { hide: true } }, (_request, reply) =>
      reply.headers(PAGE_HEADERS).type(TYPES['.html'] ?? '').send(page),
    );
  }
  for (const [name, content] of files) {
    server.get(`${FILES}${name}`, { schema: { hide: true } }, (_request, reply) =>
      reply.headers(PAGE_HEADERS).type(TYPES[extname(name)] ?? 'application/octet-stream').send(content),
    );
  }
}

function builtFiles(): ReadonlyMap<string, Buffer> {
  for (const place of PLACES) {
    const folder = fileURLToPath(new URL(place, import.meta.url));
    const names = namesIn(folder);
    if (!names.includes('main.js')) continue;
    return new Map(names.map((name) => [name, readFileSync(`${folder}${name}`)]));
  }
  throw new SwitchyardError('INVALID_CONFIG', 'the pages were not built: run `npm run build` once');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  } catch {
    return [];
  }
}
