import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { digestIn } from '../../../src/cli/tools-pull/tools-source.js';
import { place } from './cli-process.js';

/** What `test/types/tools.test-d.ts` compiles against, made of the shipped servers as they are now. */
const PULLED = resolve('test/types/pulled-tools.ts');
const PULL = ['tools', 'pull', '--from', '../../src/tool-maker.js', '--server', 'weather', 'commerce'];

it('writes the tools of the configured servers, and tells a stale file from one that is up to date', {
  timeout: 60_000,
}, async () => {
  const { run, folder } = await place();
  const written = await run([...PULL, '--out', 'src/generated/tools.ts']);
  expect(written).toMatchObject({ code: 0, err: '', out: 'src/generated/tools.ts: 13 tools.\n' });
  const file = join(folder, 'src/generated/tools.ts');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('mcpTool("weather.get_current_weather", {');
  const anew = `the servers have changed: node dist/main.js ${PULL.join(' ')} --out test/types/pulled-tools.ts, then format it`;
  expect(digestIn(readFileSync(PULLED, 'utf8')), anew).toBe(digestIn(text));

  writeFileSync(file, text.replace(/Digest: .{4}/, 'Digest: 0000'));
  const stale = await run([...PULL, '--check', '--out', file, '--json']);
  expect(stale.code).toBe(1);
  expect(JSON.parse(stale.out)).toMatchObject({ stale: true });
  expect(readFileSync(file, 'utf8')).toContain('Digest: 0000');
  writeFileSync(file, text.replaceAll('  ', '\t'));
  expect(await run([...PULL, '--check', '--out', file])).toMatchObject({
    code: 0,
    out: expect.stringContaining('up to date'),
  });

  writeFileSync(file, '// written by hand\n');
  const kept = await run([...PULL, '--out', file]);
  expect(kept).toMatchObject({ code: 2, err: expect.stringContaining('is not what this command has written') });
  expect(readFileSync(file, 'utf8')).toBe('// written by hand\n');
});

it('writes nothing when a server cannot be asked, and names those there are', async () => {
  const { run, folder } = await place();
  writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ mcpServers: { gone: { command: 'no-such-program' } } }));
  const [failed, unknown] = await Promise.all([run(['tools', 'pull']), run(['tools', 'pull', '--server', 'shop'])]);
  expect(failed).toMatchObject({ code: 2, out: '' });
  expect(failed.err.replace(/\s+/g, ' ')).toContain('Nothing was written');
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('configured: gone') });
});
