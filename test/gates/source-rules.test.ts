/** Rules of the source that a compiler does not check: each is cheap to keep and dear to win back. */
import { describe, expect, it } from 'vitest';
import { readSources, type SourceFile } from './source-graph.js';

const MAX_LINES = 300;
const MAX_MEDIAN_LINES = 110;
const MAX_SUPPRESSIONS = 3;

const sources = readSources();
const lines = ({ text }: SourceFile) => text.split('\n').length - 1;

function hits(pattern: RegExp, files: readonly SourceFile[] = sources): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  );
}

describe('the source', () => {
  it(`has no file over ${MAX_LINES} lines`, () => {
    expect(sources.filter((file) => lines(file) > MAX_LINES).map((file) => `${file.path}: ${lines(file)}`)).toEqual([]);
  });

  it(`has a median file of at most ${MAX_MEDIAN_LINES} lines`, () => {
    const sorted = sources.map(lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(MAX_MEDIAN_LINES);
  });

  it('uses no any and no double cast', () => {
    expect(hits(/(:|<|as) any\b|as unknown as/)).toEqual([]);
  });

  it('re-exports by name only', () => {
    expect(hits(/^export \*/)).toEqual([]);
  });

  it('writes to the terminal only in the command line', () => {
    const elsewhere = sources.filter(({ path }) => !path.startsWith('cli/') && path !== 'main.ts');
    expect(hits(/\bconsole\./, elsewhere)).toEqual([]);
  });

  it(`suppresses a checker at most ${MAX_SUPPRESSIONS} times, each with its reason`, () => {
    const suppressions = hits(/@ts-(ignore|expect-error)|biome-ignore/);
    expect(suppressions.length).toBeLessThanOrEqual(MAX_SUPPRESSIONS);
    expect(suppressions.filter((line) => !/(biome-ignore [^:]+: \S|@ts-expect-error \S)/.test(line))).toEqual([]);
  });

  it('leaves nothing for later, and nothing with a name that says nothing', () => {
    expect(hits(/\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
    expect(
      sources.map(({ path }) => path).filter((path) => /(^|\/)(utils?|helpers?|common|shared|misc)\b/.test(path)),
    ).toEqual([]);
  });
});
