import { configDefaults, defineConfig } from 'vitest/config';

/** Real kills at length: minutes, not seconds. `npm run test:chaos` runs them, and CI does. */
const CHAOS = 'test/chaos/**';
/** In a real browser: `npm run test:browser` runs them, where there is one. */
const BROWSER = 'test/browser/**';
const suite = process.env.TEST_SUITE;
const LANES: Readonly<Record<string, string>> = { chaos: CHAOS, browser: BROWSER };
const lane = LANES[suite ?? ''];

export default defineConfig({
  test: {
    include: [lane ? `${lane}/*.test.ts` : 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(lane ? [] : Object.values(LANES))],
    globalSetup: ['test/support/redis-global.ts'],
    // Processes, not threads: tests send signals, change the environment and count what is left open.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    typecheck: {
      enabled: !lane,
      include: ['test/types/**/*.test-d.ts'],
      // `npm run types` is about the sources; here only what must not compile is asked.
      ignoreSourceErrors: true,
    },
  },
});
