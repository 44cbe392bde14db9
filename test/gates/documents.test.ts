/** What the documents say is tested like code: promises are cited, code blocks are what the examples run, links lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const readme = readFileSync('README.md', 'utf8');
const testFiles = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('gates'))
  .map((path) => readFileSync(join('test', path), 'utf8'));

describe('the promises', () => {
  const promises = [...readme.matchAll(/^\| (P\d+) \|/gm)].flatMap(([, id]) => (id ? [id] : []));

  it('are listed in the README', () => {
    expect(promises.length).toBeGreaterThanOrEqual(7);
  });

  it.each(promises)('%s is cited by the title of a test', (id) => {
    expect(testFiles.filter((text) => text.includes(`[${id}]`)).length).toBeGreaterThan(0);
  });
});

describe("the seed's ten defects", () => {
  it.each(Array.from({ length: 10 }, (_, at) => at + 1))(
    'defect %i is cited by the title of a regression test',
    (n) => {
      expect(testFiles.filter((text) => new RegExp(`defect ${n}\\b`, 'i').test(text)).length).toBeGreaterThan(0);
    },
  );
});

describe('the README', () => {
  const examples = readdirSync('examples').map((file) => readFileSync(join('examples', file), 'utf8'));
  const regions = examples.flatMap((text) => /\/\/ #region readme\n([\s\S]*?)\n\/\/ #endregion/.exec(text)?.[1] ?? []);

  it('shows the three patterns in code that the examples run', () => {
    expect(regions).toHaveLength(3);
    for (const region of regions) expect(readme).toContain(region.trim());
  });
});

describe('every document', () => {
  const documents = readdirSync('.', { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.md') && !/node_modules|dist|\.switchyard/.test(path),
  );

  it.each(documents)('%s links only to files that exist', (path) => {
    const text = readFileSync(path, 'utf8').replace(/```[\s\S]*?```/g, '');
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) =>
      join(dirname(path), target ?? ''),
    );
    expect(targets.filter((target) => !existsSync(target))).toEqual([]);
  });
});
