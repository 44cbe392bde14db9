/** The HTTP server for an application of one's own: `import { startApi } from 'switchyard-mq/api'`. */
export type { Authorize, AuthorizedRequest } from './authorize.js';
export type { PayloadPolicy } from './redacted-payload.js';
export { type Api, type ApiOptions, startApi } from './server.js';
