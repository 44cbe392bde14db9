import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Pure, or nearly so: they leave nothing behind. */
const PURE = ['test/unit/**/*.test.ts', 'test/property/**/*.test.ts'];

/** What each lane runs. `npm test` is the one without a name; CI runs them all. */
const LANES: Readonly<Record<string, readonly string[]>> = {
  /** From outside, as a user does: the package, the examples, the demo, a mixed load. */
  acceptance: ['test/acceptance/**/*.test.ts'],
  /** In a real browser, where there is one. */
  browser: ['test/browser/**/*.test.ts'],
  /** Real kills at length: minutes, not seconds. */
  chaos: ['test/chaos/*.test.ts', 'test/property/orchestrators/saga-simulation.test.ts'],
  /** What is for a night, or before a release. CI leaves it out. */
  'at-length': ['test/chaos/at-length/**/*.test.ts'],
};

/** Begun first, or a lane ends with one of them while a core has nothing to do. A clean checkout knows no times, and goes by size. */
const LONGEST = [
  'chaos/crash-test.test.ts',
  'chaos/faults.test.ts',
  'chaos/matrix.test.ts',
  'mcp-server/outage.test.ts',
  'engine/crash.test.ts',
  'engine/paused-servers.test.ts',
  'mcp/breaker.test.ts',
  'api/accepted.test.ts',
  'mcp/progress.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((file) => moduleId.endsWith(file));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const common = {
  // Processes, not threads: tests send signals, change the environment and count what is left open.
  pool: 'forks' as const,
  // Loading BullMQ and the MCP SDK anew for each file took a quarter of the suite's time.
  isolate: false,
  // A bound for what hangs, not a measure: three files at a time share two cores.
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

const parts = {
  test: {
    ...common,
    name: 'parts',
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...PURE, ...Object.values(LANES).flat()],
    typecheck: {
      enabled: true,
      include: ['test/types/**/*.test-d.ts'],
      // `npm run types` is about the sources; here only what must not compile is asked.
      ignoreSourceErrors: true,
    },
  },
};
const pure = { test: { ...common, name: 'pure', include: PURE } };

function lane(name: string | undefined) {
  if (name === undefined) return [parts, pure];
  const include = LANES[name];
  if (!include) throw new Error(`TEST_SUITE is "${name}"; the lanes are ${Object.keys(LANES).join(', ')}`);
  return [{ test: { ...common, name, include: [...include] } }];
}

export default defineConfig({
  test: {
    globalSetup: ['test/support/redis-global.ts'],
    // One more than the cores of a small machine: much of what is tested is waiting. Not where workers are to be in time.
    maxWorkers: process.env.TEST_SUITE ? 2 : 3,
    sequence: { sequencer: LongestFirst },
    projects: lane(process.env.TEST_SUITE || undefined),
  },
});
