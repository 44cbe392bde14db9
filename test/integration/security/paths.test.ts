/** Whoever names a path to us stays below the folder that was configured: by name, by link, by a neighbour's name, by NUL. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool, type ToolPool } from '../../../src/adapters/mcp/tool-pool.js';
import { shippedMcpJson } from '../../../src/cli/tool-servers.js';
import { failureOf } from '../../support/mcp/rogue.js';

const ONCE = { timeoutMs: 10_000, safeToRepeat: true };
const SECRET = 'TOP-SECRET-TEXT';

let base: string;
let files: string;
let pool: ToolPool;

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'switchyard-paths-')));
  files = join(base, 'files');
  for (const folder of ['files/inner', 'files-elsewhere', 'outside'])
    mkdirSync(join(base, folder), { recursive: true });
  for (const file of ['outside/secret.txt', 'files-elsewhere/secret.txt', 'secret.txt'])
    writeFileSync(join(base, file), SECRET);
  writeFileSync(join(files, 'inner', 'report.txt'), 'fine');
  symlinkSync(join(base, 'outside', 'secret.txt'), join(files, 'link.txt'));
  symlinkSync(join(base, 'outside'), join(files, 'linked'));
  symlinkSync(join(base, 'outside'), join(files, 'inner', 'linked'));
  // As our own commands configure it: the official server on one folder, and our dialect before its search.
  const { mcpServers, bindings } = shippedMcpJson({}, files);
  pool = createToolPool({
    config: parseMcpConfig(
      {
        mcpServers: { files: mcpServers.files },
        bindings: {
          ...bindings,
          'inner.search_files': { server: 'files', dialect: 'filesystem', root: join(files, 'inner') },
          'loose.search_files': { server: 'files', dialect: 'filesystem', root: base },
          'raw.search_files': { server: 'files', tool: 'search_files' },
        },
      },
      'test',
    ),
  });
});
afterAll(async () => {
  await pool.close();
  rmSync(base, { recursive: true, force: true });
});

const ways: readonly (readonly [what: string, path: () => string])[] = [
  ['a way up', () => '../secret.txt'],
  ['a way down and up', () => 'inner/../../secret.txt'],
  ['an absolute path', () => join(base, 'outside', 'secret.txt')],
  ['a link to a file', () => join(files, 'link.txt')],
  ['a link to a folder', () => join(files, 'linked', 'secret.txt')],
  ['a neighbour whose name begins alike', () => join(base, 'files-elsewhere', 'secret.txt')],
  ['a NUL character', () => `${join(files, 'inner', 'report.txt')}\0.png`],
  ['a home', () => '~/../../etc/passwd'],
];

describe('the official filesystem server, as we configure it,', () => {
  test('reads what lies in its folder', async () => {
    const answer = await pool.call('files.read_text_file', { path: join(files, 'inner', 'report.txt') }, ONCE);
    expect(JSON.stringify(answer)).toContain('fine');
  });

  test.each(ways)('reads nothing by %s', async (_what, path) => {
    const error = await failureOf(pool.call('files.read_text_file', { path: path() }, ONCE));
    expect(error).toMatchObject({ code: 'TOOL_FAILED' });
    expect(error.message).not.toContain(SECRET);
  });

  test.each(ways)('writes nothing by %s', async (_what, path) => {
    const args = { path: path(), content: 'overwritten' };
    expect(await failureOf(pool.call('files.write_file', args, ONCE))).toMatchObject({ code: 'TOOL_FAILED' });
  });

  test('follows no link while it searches', async () => {
    for (const capability of ['files.search_files', 'raw.search_files']) {
      const answer = await pool.call(capability, { path: files, pattern: '**/*secret*' }, ONCE);
      expect(JSON.stringify(answer)).not.toContain('secret.txt');
    }
  });
});

describe('the root of a binding', () => {
  test.each([
    ['a way up', '..'],
    ['a neighbour', '../inner-elsewhere'],
    ['an absolute path', '/etc'],
    ['a link to a folder', 'linked'],
    ['a NUL character', 'a\0b'],
  ])('is not left by %s', async (_what, path) => {
    const error = await failureOf(pool.call('inner.search_files', { pattern: '*', path }, ONCE));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', retryable: false });
  });

  test('that is wider than the folder of its server gives it no more', async () => {
    for (const path of ['.', 'outside', 'files-elsewhere', 'files/linked'])
      expect(await failureOf(pool.call('loose.search_files', { pattern: '*', path }, ONCE))).toMatchObject({
        code: 'TOOL_FAILED',
        message: expect.stringContaining('Access denied'),
      });
  });

  test('cannot be left by the pattern', async () => {
    for (const pattern of ['../*', '../../**/*secret*', '/**/*secret*', '{..,.}/*secret*', 'linked/*']) {
      const answer = await pool.call('inner.search_files', { pattern }, ONCE);
      expect(JSON.stringify(answer)).not.toContain('secret.txt');
    }
  });
});
