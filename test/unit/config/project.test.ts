import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadProject } from '../../../src/cli/project.js';

async function configFile(retention: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'switchyard.config.mjs');
  // What `defineSaga` returns, in short: the file is loaded by Node, which knows nothing of the sources.
  const workflow = `{ pattern: 'saga', name: 'mine', version: 1, input: { safeParse() {} }, steps: [{ run: { kind: 'task' } }], returns() {} }`;
  await writeFile(file, `export default { workflows: [${workflow}], retention: ${retention} };\n`);
  return file;
}

test.each([
  ['{ ageMs: 1000.5 }', 'retention.ageMs'],
  ['{ ageMs: 0 }', 'retention.ageMs'],
  ['{ count: 0 }', 'retention.count'],
])('a configuration with retention %s is refused, naming file and field', async (retention, field) => {
  const file = await configFile(retention);
  const refused = loadProject(file);
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_CONFIG', issues: [{ path: field }] });
  await expect(refused).rejects.toThrow(file);
});

test('the least retention is taken', async () => {
  const project = await loadProject(await configFile('{ ageMs: 1000, count: 1 }'));
  expect(project.retention).toEqual({ ageMs: 1_000, count: 1 });
});
