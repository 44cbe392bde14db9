/**
 * The OpenAPI document, made of the same zod that checks the requests. Shapes that have an id stand once, under
 * `components`, so that a generated client has names for them.
 */
import fastifySwagger, { type SwaggerTransformObject } from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

const INFO = {
  title: 'Switchyard',
  version: '1',
  description:
    'Durable parallel, routed and saga workflows. Errors are `application/problem+json` with a stable `code`. Times are milliseconds since the epoch.',
};

export async function describeApi(server: FastifyInstance, secured: boolean): Promise<void> {
  const components: Record<string, JsonSchema> = {};
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: INFO,
      ...(secured && {
        components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
        security: [{ token: [] }],
      }),
    },
    hideUntagged: true,
    transform: ({ schema, url }) => ({ schema: describedBy(schema, components), url }),
    transformObject(document) {
      const made = 'openapiObject' in document ? document.openapiObject : {};
      // Plain JSON Schema, for which the type has three versions of OpenAPI at once.
      return { ...made, components: { ...made.components, schemas: components } } as ReturnType<SwaggerTransformObject>;
    },
  });
  server.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json').send(JSON.stringify(server.swagger())),
  );
}

/** A route's schema with JSON Schema in place of zod. */
function describedBy(schema: FastifySchema, components: Record<string, JsonSchema>): FastifySchema {
  const convert = (value: unknown, io: 'input' | 'output'): unknown => {
    if (value instanceof z.ZodType) return jsonSchema(value, io, components);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, convert(inner, io)]));
  };
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, convert(value, name === 'response' ? 'output' : 'input')]),
  );
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output', components: Record<string, JsonSchema>): JsonSchema {
  const { $schema: _dialect, $defs, ...made } = pointed(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  for (const [name, part] of Object.entries($defs ?? {})) components[name] = withoutId(part);
  if (typeof made.id !== 'string') return made;
  components[made.id] = withoutId(made);
  return { $ref: `#/components/schemas/${made.id}` };
}

/** With references to where the shapes are in the document. */
function pointed(schema: object): JsonSchema & { readonly $defs?: Record<string, JsonSchema> } {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function withoutId({ id: _id, ...rest }: JsonSchema): JsonSchema {
  return rest;
}
