/** docs/security.md says of each line which test shows it: one that names none, or a file without tests, is a claim. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const text = readFileSync('docs/security.md', 'utf8');
const rows = /## Line by line[\s\S]*?\n\|---\|---\|\n([\s\S]*?)\n\n/.exec(text)?.[1]?.split('\n') ?? [];

describe('the lines of docs/security.md', () => {
  it('are many', () => {
    expect(rows.length).toBeGreaterThan(15);
  });

  it.each(rows)('%s', (row) => {
    const targets = [...row.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => join('docs', target ?? ''));
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) {
      expect(target).toMatch(/^test\/.*\.ts$/);
      expect(readFileSync(target, 'utf8')).toMatch(/\b(it|test)(\.each\(|\()/);
    }
  });
});
