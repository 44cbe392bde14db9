/** The HTTP server for an application of one's own: `import { startApi } from 'switchyard-mq/api'`. */
import { withPackages } from '../optional-packages.js';
import type { Api, ApiOptions } from './server.js';

export type { ApiSettings, Authorize, AuthorizedRequest, PayloadPolicy, RateLimit } from '../api-settings.js';
export type { Api, ApiOptions };

/**
 * Serves the API and the pages until `close()`. Its packages are loaded here, so that one that is missing is said in a line.
 * @throws SwitchyardError INVALID_CONFIG with the command that installs them
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const server = await withPackages(() => import('./server.js'));
  return await server.startApi(options);
}
