import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeDataFolder } from '../../../src/data-folder.js';

test('a data folder that is made is kept from git, and one that was there is not touched', () => {
  const project = mkdtempSync(join(tmpdir(), 'switchyard-data-'));
  onTestFinished(() => rmSync(project, { recursive: true }));
  makeDataFolder(project);
  expect(existsSync(join(project, '.gitignore'))).toBe(false);
  const made = join(project, 'deep', '.switchyard');
  makeDataFolder(made);
  makeDataFolder(made);
  expect(readFileSync(join(made, '.gitignore'), 'utf8')).toBe('*\n');
  expect(existsSync(join(project, 'deep', '.gitignore'))).toBe(false);
});
