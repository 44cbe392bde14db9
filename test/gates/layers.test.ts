import { describe, expect, it } from 'vitest';
import { violations } from './layer-law.js';
import { findCycle, parseSource, readSources } from './source-graph.js';

const sources = readSources();

describe('the layer law', () => {
  it('holds: imports point inward, and third parties stay where they belong', () => {
    expect(violations(sources)).toEqual([]);
  });

  it('holds: no file imports itself through others, types counted', () => {
    expect(findCycle(sources)).toEqual([]);
  });

  it('is noticed when a pure decision imports an adapter', () => {
    const planted = parseSource('orchestrators/planted.ts', "import type { X } from '../adapters/redis.js';");
    expect(violations([planted])).toEqual([
      'orchestrators/planted.ts (orchestrators) must not import adapters/redis.ts (adapters)',
    ]);
  });

  it('is noticed when a processor other than the worker imports bullmq', () => {
    const planted = parseSource('processors/planted.ts', "import { Job } from 'bullmq';");
    expect(violations([planted])).toEqual(['processors/planted.ts must not import the package bullmq']);
  });

  it('is noticed when a page imports more of the engine than its types', () => {
    const planted = parseSource(
      'ui/planted.ts',
      "import type { A } from '../errors.js';\nimport { toMs } from '../config.js';",
    );
    expect(violations([planted])).toEqual(["ui/planted.ts (ui) must import types only: import { toMs } from '../"]);
  });

  it('is noticed when two files import each other', () => {
    const planted = [
      parseSource('a.ts', "import type { B } from './b.js';"),
      parseSource('b.ts', "import { a } from './a.js';"),
    ];
    expect(findCycle(planted)).toEqual(['a.ts', 'b.ts', 'a.ts']);
  });
});
