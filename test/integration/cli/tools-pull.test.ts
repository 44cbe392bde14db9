import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { place } from './cli-process.js';

/** What `test/types/tools.test-d.ts` compiles against, made of the shipped servers as they are now. */
const PULLED = resolve('test/types/pulled-tools.ts');
const FROM = ['--from', '../../src/tool-maker.js', '--server', 'weather', 'commerce'];

it('writes the tools of the configured servers, tells a stale file from one that is up to date', async () => {
  const { run, folder } = await place();
  const written = await run(['tools', 'pull', '--out', 'src/generated/tools.ts', ...FROM]);
  expect(written).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(/^src\/generated\/tools\.ts: \d+ tools\.\n$/),
  });
  const file = join(folder, 'src/generated/tools.ts');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('mcpTool("weather.get_current_weather", {');

  const check = ['tools', 'pull', '--check', '--out', file, ...FROM];
  expect((await run(check)).code).toBe(0);
  writeFileSync(file, text.replace(/Digest: .{4}/, 'Digest: 0000'));
  const stale = await run([...check, '--json']);
  expect(stale.code).toBe(1);
  expect(JSON.parse(stale.out)).toMatchObject({ stale: true });
  expect(readFileSync(file, 'utf8')).toContain('Digest: 0000');

  const committed = await run(['tools', 'pull', '--check', '--out', PULLED, ...FROM]);
  expect(
    committed,
    `make it anew: node dist/main.js tools pull --out test/types/pulled-tools.ts ${FROM.join(' ')}`,
  ).toMatchObject({ code: 0 });
});

it('writes nothing when a server cannot be asked, and names those there are', async () => {
  const { run, folder } = await place();
  writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ mcpServers: { gone: { command: 'no-such-program' } } }));
  const failed = await run(['tools', 'pull', '--mcp', 'mcp.json']);
  expect(failed).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Nothing was written') });
  const unknown = await run(['tools', 'pull', '--mcp', 'mcp.json', '--server', 'shop']);
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('configured: gone') });
});
