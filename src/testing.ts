/** For tests of an application: runs in memory, `import { testWorld } from 'switchyard-mq/testing'`. Needs no Redis. */
export { type FakeTool, failing, losingAnswers, type ToolArguments, type ToolCall } from './testing/fake-tools.js';
export type { TestRun } from './testing/test-run.js';
export { type TestRunOptions, type TestWorld, type TestWorldOptions, testWorld } from './testing/test-world.js';
