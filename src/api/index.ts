/** The HTTP server for an application of one's own: `import { startApi } from 'switchyard-mq/api'`. */
export type { ApiSettings, Authorize, AuthorizedRequest, PayloadPolicy, RateLimit } from '../api-settings.js';
export { type Api, type ApiOptions, startApi } from './server.js';
