/**
 * Packages that are not the core's to bring: who defines, starts and works needs none of them, and who uses a feature
 * installs its own. They are optional peers in package.json, which a test holds against this table. Where one is missing
 * its user reads one line, with the command that mends it, instead of Node's words about a file inside of this package.
 */
import { SwitchyardError } from './errors.js';

interface Feature {
  /** Begins a sentence, before a colon. */
  readonly name: string;
  /** Package to the range that `npm install` is to be given: without one it might bring a major that does not fit. */
  readonly packages: Readonly<Record<string, string>>;
}

const PROM_CLIENT = { 'prom-client': '15' };

/** Of a package that serves two, the first is named: it is what the smaller installation lacks. */
export const FEATURES: readonly Feature[] = [
  { name: 'Metrics of a worker', packages: PROM_CLIENT },
  {
    name: 'The HTTP API and its pages',
    packages: {
      fastify: '5',
      '@fastify/rate-limit': '11',
      '@fastify/static': '10',
      '@fastify/swagger': '9',
      '@fastify/swagger-ui': '6',
      '@bull-board/api': '9',
      '@bull-board/fastify': '9',
      ...PROM_CLIENT,
    },
  },
  {
    name: 'The shipped tool servers (weather, database, commerce, files)',
    packages: { libsql: '0.5', '@modelcontextprotocol/server-filesystem': '2026' },
  },
  {
    name: 'Sending traces',
    packages: {
      '@opentelemetry/sdk-trace-node': '2',
      '@opentelemetry/resources': '2',
      '@opentelemetry/exporter-trace-otlp-http': '0.223',
    },
  },
];

/** What to run so that everything the feature needs is there. Undefined for a package that is none of these. */
function remedyFor(missing: string): { readonly feature: string; readonly command: string } | undefined {
  const feature = FEATURES.find(({ packages }) => Object.hasOwn(packages, missing));
  if (!feature) return undefined;
  const wanted = Object.entries(feature.packages).map(([name, range]) => `${name}@${range}`);
  return { feature: feature.name, command: `npm install ${wanted.join(' ')}` };
}

/** Node's error about one of these packages as ours; undefined for every other, a missing file of our own included. */
export function missingPackage(thrown: unknown): SwitchyardError | undefined {
  if (!(thrown instanceof Error && 'code' in thrown)) return undefined;
  if (thrown.code !== 'ERR_MODULE_NOT_FOUND' && thrown.code !== 'MODULE_NOT_FOUND') return undefined;
  // "Cannot find package 'fastify' imported from …" of an import, "Cannot find module 'libsql'" of a require.
  const [, specifier = ''] = /^Cannot find (?:package|module) '([^']+)'/.exec(thrown.message) ?? [];
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const remedy = remedyFor(name);
  if (!remedy) return undefined;
  const message = `${remedy.feature}: the package ${name} is not installed. Run: ${remedy.command}`;
  return new SwitchyardError('INVALID_CONFIG', message, { cause: thrown });
}

/** Imports what needs optional packages. @throws SwitchyardError INVALID_CONFIG with the command when one is missing */
export async function withPackages<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (thrown) {
    throw missingPackage(thrown) ?? thrown;
  }
}
