/**
 * The pages for people. Where the user interface is built, its one page is behind three paths, and itself decides by the
 * path what it shows; it holds nothing, and asks the API with the token that it was given. Where it is not built (a server
 * that runs from the sources) there is none.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyReply } from 'fastify';
import type { ApiServer } from '../zod-server.js';

const PATHS = ['/', '/runs/:id', '/start/:workflow'] as const;
/** Where its scripts, styles and pictures are. */
const ASSETS = '/ui/';
const PAGE = 'index.html';
/** Made by the build alone: the sources hold a page without it, which would stay blank. */
const BUNDLE = 'main.js';

const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // No text becomes code, whatever a run's input holds.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
} as const;

/** Beside the compiled server; for one that runs from the sources, where the build has put them. */
const PLACES = ['../../ui', '../../../dist/ui'].map((place) => fileURLToPath(new URL(place, import.meta.url)));

/** The folder of the built pages: the one that is given, or where they belong. Undefined where there are none. */
export function pagesFolder(given: string | undefined): string | undefined {
  return (given === undefined ? PLACES : [given]).find((folder) => existsSync(join(folder, BUNDLE)));
}

/** Whether a path is the page's own, which asks for the token itself. */
export function isUiPath(path: string): boolean {
  return path === '/' || path.startsWith('/runs/') || path.startsWith('/start/') || path.startsWith(ASSETS);
}

export async function addPages(server: ApiServer, folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  await server.register(fastifyStatic, { root: folder, prefix: ASSETS, index: false, setHeaders });
  for (const path of PATHS) {
    server.get(path, { schema: { hide: true } }, async (_request, reply) => {
      return await reply.headers(HEADERS).sendFile(PAGE, folder, { cacheControl: false });
    });
  }
}

/** A name of ours does not change with its content: it is asked for each time, and answered with 304. */
function setHeaders(reply: FastifyReply): void {
  reply.header('cache-control', 'no-cache');
}
