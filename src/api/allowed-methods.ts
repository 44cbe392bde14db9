/**
 * A path of the API that is asked by a method it does not take says which it takes: 405 with `Allow`, and not as if there were
 * no such path. Each such method has a route, so that the path is read as its other routes read it.
 */
import type { FastifyInstance } from 'fastify';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export interface AllowedMethods {
  /** The methods that a route takes, where this one is none of them. */
  insteadOf(route: string, method: string): readonly string[] | undefined;
  /** Once every route is there. */
  complete(): void;
}

/** Before the first route. */
export function allowedMethods(server: FastifyInstance): AllowedMethods {
  const taken = new Map<string, Set<string>>();
  let isComplete = false;
  server.addHook('onRoute', ({ url, method }) => {
    if (isComplete || !url.startsWith('/v1/')) return;
    taken.set(url, new Set([...(taken.get(url) ?? []), ...[method].flat()]));
  });
  return {
    insteadOf(route, method) {
      const methods = taken.get(route);
      return methods && !methods.has(method) ? [...methods].sort() : undefined;
    },
    complete() {
      isComplete = true;
      for (const [url, methods] of taken) {
        const method = METHODS.filter((one) => !methods.has(one));
        // Refused before it comes to a handler; see `admitOnly`.
        server.route({ method, url, exposeHeadRoute: false, schema: { hide: true }, handler: () => undefined });
      }
    },
  };
}
