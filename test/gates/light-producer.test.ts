/**
 * `import 'switchyard-mq'` is what a web process does that only starts runs. What works on them, and what calls tools, it loads
 * when there is something to work on: none of it is reached by imports that are made at once.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { importsAtOnce } from './source-graph.js';

/** What is loaded with the entry: our files, packages and parts of Node. */
function loadedWith(entry: string, read: (path: string) => string): ReadonlySet<string> {
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const specifier of importsAtOnce(read(path))) {
      if (specifier.startsWith('.')) visit(normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts'));
      else loaded.add(specifier);
    }
  };
  visit(entry);
  return loaded;
}

const source = (path: string) => readFileSync(join('src', path), 'utf8');

/** `parseMcpConfig` answers at once, so that reading `mcp.json` is there; where a capability leads is told by it alone. */
const SETTINGS = loadedWith('adapters/mcp/config.ts', source);
const LIGHT = new Set([...SETTINGS, 'adapters/mcp/tool-pool.ts', 'adapters/mcp/tool-place.ts']);

const HEAVY: readonly (readonly [what: string, is: (loaded: string) => boolean])[] = [
  ['what a worker does with a job', (path) => path.startsWith('processors/')],
  [
    'what workers are made of',
    (path) => ['worker-crew.ts', 'hosting.ts', 'processing.ts'].some((file) => path === `engine/${file}`),
  ],
  ['what sends callbacks', (path) => path === 'adapters/callback-sender.ts'],
  ['the inside of the tool pool', (path) => path.startsWith('adapters/mcp/') && !LIGHT.has(path)],
  ["MCP's SDK", (path) => path.startsWith('@modelcontextprotocol/')],
  ['the starting of processes', (path) => /^(node:)?child_process$/.test(path)],
];

it.each(HEAVY)('a producer does not load %s', (_what, is) => {
  expect([...loadedWith('index.ts', source)].filter(is)).toEqual([]);
});

it('the settings of MCP servers bring neither the SDK nor what starts a server', () => {
  expect(
    [...SETTINGS].filter((loaded) => /^@|^node:(child_process|http|net)|connection|session|transport/.test(loaded)),
  ).toEqual([]);
});

it('sees what is loaded behind another file, and not what is loaded later', () => {
  const planted: Record<string, string> = {
    'a.ts': "export { b } from './b.js';\nexport const later = () => import('./later.js');",
    'b.ts':
      "import { spawn } from 'node:child_process';\nimport type { T } from './types.js';\nexport const b = spawn;",
  };
  expect([...loadedWith('a.ts', (path) => planted[path] ?? '')]).toEqual(['a.ts', 'b.ts', 'node:child_process']);
});
