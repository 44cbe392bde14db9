/** The OpenAPI document to browse, at `/docs`. The page brings everything along; nothing is asked for elsewhere. */
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

export const DOCS_PATH = '/docs';

/** Its styles are partly inline, and some of its pictures are in them. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const;

export async function addDocsPage(server: FastifyInstance): Promise<void> {
  await server.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      reply.headers(HEADERS);
    });
    await scope.register(fastifySwaggerUi, {
      routePrefix: DOCS_PATH,
      // No badge from a validator on the network.
      uiConfig: { validatorUrl: null, docExpansion: 'list', deepLinking: true },
      theme: { title: 'Switchyard API' },
    });
  });
}
