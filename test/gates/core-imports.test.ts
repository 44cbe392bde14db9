/** The core starts without the packages of features: no import that is made at once, however far down, reaches one. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { FEATURES } from '../../src/optional-packages.js';
import { importsAtOnce } from './source-graph.js';

const OPTIONAL = new Set(FEATURES.flatMap(({ packages }) => Object.keys(packages)));
/** What defines, starts and works, and the command line until a command that needs more is called. */
const CORE = [
  'index.ts',
  'workflows/index.ts',
  'testing.ts',
  'embedded-redis.ts',
  'main.ts',
  'cli/commands/worker.ts',
  'api/index.ts',
];

/** Each way from an entry to a package that is out of bounds, as a path of files. */
function waysOut(
  entry: string,
  read: (path: string) => string,
  isOut = (name: string) => OPTIONAL.has(name),
): readonly string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const specifier of importsAtOnce(read(path))) {
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      if (isOut(name)) found.push([...trail, path, specifier].join(' > '));
      if (!specifier.startsWith('.')) continue;
      visit(normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts'), [...trail, path]);
    }
  };
  visit(entry, []);
  return found;
}

const source = (path: string) => readFileSync(join('src', path), 'utf8');

it.each(CORE)('src/%s reaches no package of a feature', (entry) => {
  expect(waysOut(entry, source)).toEqual([]);
});

it('runs in memory load neither Redis nor BullMQ nor MCP', () => {
  const isPackage = (name: string) => !name.startsWith('.') && !name.startsWith('node:') && name !== 'zod';
  expect(waysOut('testing.ts', source, isPackage)).toEqual([]);
});

it('sees a package behind another file, and neither a type nor an import that is made later', () => {
  const planted: Record<string, string> = {
    'a.ts':
      "import { b } from './b.js';\nimport type { X } from 'libsql';\nexport const c = () => import('prom-client');\nb;",
    'b.ts': "export { fastify as b } from 'fastify';",
  };
  expect(waysOut('a.ts', (path) => planted[path] ?? '')).toEqual(['a.ts > b.ts > fastify']);
});
