import { configDefaults, defineConfig } from 'vitest/config';

/** Real kills at length: minutes, not seconds. `npm run test:chaos` runs them, and CI does. */
const CHAOS = 'test/chaos/**';
const isChaos = process.env.TEST_SUITE === 'chaos';

export default defineConfig({
  test: {
    include: [isChaos ? `${CHAOS}/*.test.ts` : 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(isChaos ? [] : [CHAOS])],
    globalSetup: ['test/support/redis-global.ts'],
    // Processes, not threads: tests send signals, change the environment and count what is left open.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    typecheck: {
      enabled: !isChaos,
      include: ['test/types/**/*.test-d.ts'],
      // `npm run types` is about the sources; here only what must not compile is asked.
      ignoreSourceErrors: true,
    },
  },
});
