/** What the documents say is tested like code: promises are cited, code blocks are what the examples run, links lead somewhere. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parseMcpConfig } from '../../src/adapters/mcp/config.js';
import { order } from '../../src/workflows/index.js';

const readme = readFileSync('README.md', 'utf8');
const titles = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('gates'))
  .flatMap((path) => titlesIn(readFileSync(join('test', path), 'utf8')));

/** Titles of the tests that a file runs; what stands in a comment, a message or a test that is skipped proves nothing. */
function titlesIn(text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTestCall(node.expression)) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) found.push(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('titles.ts', text, ts.ScriptTarget.Latest));
  return found;
}

/** `test`, `it`, `describe`, and what they offer: `test.each(table)`, `describe.concurrent`. */
function isTestCall(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return /^(test|it|describe)$/.test(callee.text);
  if (ts.isPropertyAccessExpression(callee)) {
    return !/^(skip|todo|fails)$/.test(callee.name.text) && isTestCall(callee.expression);
  }
  if (ts.isCallExpression(callee)) return isTestCall(callee.expression);
  return ts.isTaggedTemplateExpression(callee) && isTestCall(callee.tag);
}

describe('the promises', () => {
  const promises = [...readme.matchAll(/^\| (P\d+) \|/gm)].flatMap(([, id]) => (id ? [id] : []));

  it('are listed in the README', () => {
    expect(promises.length).toBeGreaterThanOrEqual(7);
  });

  it.each(promises)('%s is cited by the title of a test', (id) => {
    expect(titles.filter((title) => title.includes(`[${id}]`))).not.toEqual([]);
  });

  it('count as cited only in the title of a test that runs', () => {
    const text = `
      // [P1] in a comment
      test.skip('[P2]', () => undefined);
      it('says', () => expect(1, '[P3]').toBe(1));
      const title = '[P4]';
      describe('[P5] group', () => {
        test.each([['[P6] in a table']])('[P7] of %s', () => undefined);
      });`;
    expect(titlesIn(text)).toEqual(['says', '[P5] group', '[P7] of %s']);
  });
});

describe("the seed's ten defects", () => {
  it.each(Array.from({ length: 10 }, (_, at) => at + 1))(
    'defect %i is cited by the title of a regression test',
    (n) => {
      expect(titles.filter((title) => new RegExp(`defect ${n}\\b`, 'i').test(title))).not.toEqual([]);
    },
  );
});

describe('the README', () => {
  const examples = readdirSync('examples')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('examples', file), 'utf8'));
  const regions = examples.flatMap((text) => /\/\/ #region readme\n([\s\S]*?)\n\/\/ #endregion/.exec(text)?.[1] ?? []);

  it('shows the three patterns in code that the examples run', () => {
    expect(regions).toHaveLength(3);
    for (const region of regions) expect(readme).toContain(region.trim());
  });
});

describe('every document', () => {
  // Not node_modules, where another test makes and removes folders while this one looks.
  const documents = readdirSync('.')
    .filter((entry) => !/^(node_modules|dist|\.)/.test(entry))
    .flatMap((entry) =>
      statSync(entry).isDirectory()
        ? readdirSync(entry, { recursive: true, encoding: 'utf8' }).map((path) => join(entry, path))
        : [entry],
    )
    .filter((path) => path.endsWith('.md'));

  it.each(documents)('%s links only to files that exist', (path) => {
    const text = readFileSync(path, 'utf8').replace(/```[\s\S]*?```/g, '');
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) =>
      join(dirname(path), target ?? ''),
    );
    expect(targets.filter((target) => !existsSync(target))).toEqual([]);
  });
});

describe('what a reader copies', () => {
  it.each(['docs/workflows.md', 'docs/mcp.md'])('the mcp.json of %s is one', (document) => {
    const text = readFileSync(document, 'utf8');
    const json = [...text.matchAll(/```json\n([\s\S]*?)```/g)].find(([, block]) => block?.includes('mcpServers'))?.[1];
    const environment = { FILES_TOKEN: 'a token' };
    expect(() => parseMcpConfig(JSON.parse(json ?? ''), document, { environment })).not.toThrow();
  });

  it('examples/order.json is an order', () => {
    expect(order.input.safeParse(JSON.parse(readFileSync('examples/order.json', 'utf8'))).error).toBeUndefined();
  });
});
