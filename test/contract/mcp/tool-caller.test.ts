import { rogueOverHttp, rogueOverStdio } from '../../support/mcp/rogue.js';
import { toolCallerContract } from '../../support/mcp/tool-caller-contract.js';

toolCallerContract('stdio', async (overrides) => rogueOverStdio(overrides));
toolCallerContract('HTTP event streams', (overrides) => rogueOverHttp(overrides));
toolCallerContract('HTTP with JSON answers', (overrides) => rogueOverHttp({ ...overrides, args: ['--json'] }));
