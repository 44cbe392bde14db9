/**
 * Fastify whose routes are described by zod: what comes in is checked by the schema and has its types, and the same
 * schema is the route's part of the OpenAPI document. What goes out is not checked again at run time: the contract test
 * holds every answer against the document instead.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifySchemaCompiler,
  FastifyTypeProvider,
  RawServerDefault,
} from 'fastify';
import type { z } from 'zod';
import { SwitchyardError } from '../errors.js';
import { describeIssues, issuesOf } from '../schema.js';

interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: unknown;
}

export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse<IncomingMessage>,
  FastifyBaseLogger,
  ZodTypes
>;

/** Where a refused part of a request stands; of its body the path alone says it. */
const PARTS: Readonly<Record<string, string>> = { querystring: 'query', params: 'path', headers: 'headers' };

const compileValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = httpPart === undefined ? undefined : PARTS[httpPart];
  return (data: unknown) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const issues = issuesOf(parsed.error).map(({ path, message }) => ({
      path: [part, path].filter((text) => text !== undefined && text !== '').join('.'),
      message,
    }));
    const text = `this request is refused: ${describeIssues(issues)}`;
    return { error: new SwitchyardError('INVALID_INPUT', text, { issues }) };
  };
};

export function useZod(server: FastifyInstance): ApiServer {
  server.setValidatorCompiler(compileValidator);
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  return server.withTypeProvider<ZodTypes>();
}
