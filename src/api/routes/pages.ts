/**
 * The pages for people. Where the user interface is built, its one page is behind three paths, and itself decides by the
 * path what it shows; it holds nothing, and asks the API with the token that it was given. Where it is not built there is
 * a plain list of runs.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { ApiContext } from '../context.js';
import { PAGE_HEADERS, runsPage } from '../runs-page.js';
import type { ApiServer } from '../zod-server.js';

const PATHS = ['/', '/runs/:id', '/start/:workflow'] as const;
/** Where its scripts, styles and pictures are. */
const ASSETS = '/ui/';
const PAGE = 'index.html';
const PAGE_SIZE = 50;

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
  ].join('; '),
} as const;

/** The folder of the built pages, where it holds them. */
export function pagesIn(folder: string): string | undefined {
  return existsSync(join(folder, PAGE)) ? folder : undefined;
}

/** Whether a path is the page's own, which asks for the token itself. */
export function isUiPath(path: string): boolean {
  return path === '/' || path.startsWith('/runs/') || path.startsWith('/start/') || path.startsWith(ASSETS);
}

export async function addPages(server: ApiServer, context: ApiContext, folder: string | undefined): Promise<void> {
  if (folder === undefined) return addRunsPage(server, context);
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

function addRunsPage(server: ApiServer, { sy, redis }: ApiContext): void {
  const querystring = z.object({ cursor: z.string().max(512).optional() });
  server.get('/', { schema: { hide: true, querystring } }, async (request, reply) => {
    const { cursor } = request.query;
    const page = await sy.list({ limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) });
    return reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(runsPage(page, redis));
  });
}
