import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/redis-global.ts'],
    // Processes, not threads: tests send signals, change the environment and count what is left open.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    typecheck: {
      enabled: true,
      include: ['test/types/**/*.test-d.ts'],
      // `npm run types` is about the sources; here only what must not compile is asked.
      ignoreSourceErrors: true,
    },
  },
});
