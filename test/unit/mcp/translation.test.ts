import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { translationFor } from '../../../src/adapters/mcp/choose-translation.js';
import { globOf } from '../../../src/adapters/mcp/filesystem-dialect.js';

describe('a binding', () => {
  const binding = {
    server: 's',
    tool: 't',
    arguments: { q: '$city', nested: { list: ['$n', 1, null], price: '$$5' }, gone: '$missing' },
    result: {
      first: '$.items.0.name',
      all: '$',
      asked: '$city',
      fixed: true,
      none: '$.nowhere.at.all',
      proto: '$.__proto__',
    },
  };
  const translation = translationFor(binding, 't', undefined);

  it('fills arguments, constants and nested parts, and leaves out what is not there', () => {
    expect(translation.toTool({ city: 'Paris', n: 2 })).toEqual({
      q: 'Paris',
      nested: { list: [2, 1, null], price: '$5' },
    });
  });

  it('picks from the answer and from the arguments', () => {
    const answer = { items: [{ name: 'a' }] };
    expect(translation.fromTool(answer, { city: 'Paris' })).toEqual({
      first: 'a',
      all: answer,
      asked: 'Paris',
      fixed: true,
    });
  });

  it('without templates changes nothing', () => {
    const plain = translationFor({ server: 's', tool: 't' }, 't', 'secure-filesystem-server');
    expect(plain.toTool({ a: 1 })).toEqual({ a: 1 });
    expect(plain.fromTool('x', {})).toBe('x');
  });
});

describe('a file pattern', () => {
  // The server's own matcher: what the pattern means is what it finds.
  const fromServer = createRequire(
    createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json'),
  );
  const { minimatch } = fromServer('minimatch') as {
    minimatch: (path: string, pattern: string, options: object) => boolean;
  };
  const finds = (pattern: string, path: string, caseSensitive = false) =>
    minimatch(path, globOf(pattern, caseSensitive), { dot: true });

  it.each([
    ['*.log', 'app.log', true],
    ['*.log', 'deep/down/APP.Log', true],
    ['*.log', 'app.logs', false],
    ['*météo*', 'x/MÉTÉO.txt', true],
    ['[a-c]*.txt', 'x/Bee.txt', true],
    ['[!a]*', 'x/Abc', false],
    ['[]a]x', 'ax', true],
    ['[.-]x', '-x', true],
    ['{one,two}.md', 'TWO.md', true],
    ['file{a..c}', 'fileb', true],
    ['a[b', 'A[B', true],
    ['!a', '!A', true],
    ['!a', 'b', false],
    ['logs/*.log', 'LOGS/x.log', true],
    ['logs/*.log', 'deep/logs/x.log', false],
    ['!logs/*', 'other/x', false],
    ['**/x.log', 'deep/X.LOG', true],
    ['\\*x', '*X', true],
    ['\\*x', 'ax', false],
  ])('%s on %s: %s', (pattern, path, found) => {
    expect(finds(pattern, path)).toBe(found);
  });

  it('counts case when told to', () => {
    expect(finds('*.log', 'x/a.LOG', true)).toBe(false);
    expect(finds('*.log', 'x/a.log', true)).toBe(true);
  });
});
