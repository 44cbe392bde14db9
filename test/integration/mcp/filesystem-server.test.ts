import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool, type ToolPool } from '../../../src/adapters/mcp/tool-pool.js';

const SERVER = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')),
  'dist/index.js',
);
const ONCE = { timeoutMs: 10_000, safeToRepeat: true };

interface Found {
  readonly total: number;
  readonly results: readonly string[];
  readonly truncated: boolean;
}

describe('the official filesystem server', () => {
  let root: string;
  let pool: ToolPool;

  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'switchyard-files-')));
    mkdirSync(join(root, 'logs', 'old'), { recursive: true });
    for (const name of ['App.LOG', 'readme.md', 'logs/api.log', 'logs/old/crash report.log'])
      writeFileSync(join(root, name), '');
    const command = { command: process.execPath, args: [SERVER, root] };
    pool = createToolPool({
      config: parseMcpConfig(
        {
          mcpServers: { files: command },
          bindings: {
            'logs.search_files': { server: 'files', dialect: 'filesystem', root: join(root, 'logs') },
            'raw.search_files': { server: 'files', tool: 'search_files' },
          },
        },
        'test',
      ),
    });
  });
  afterAll(async () => {
    await pool.close();
    rmSync(root, { recursive: true, force: true });
  });

  const search = async (args: Record<string, unknown>, capability = 'files.search_files') => {
    const found = (await pool.call(capability, args, ONCE)) as Found;
    return { ...found, results: found.results.map((path) => path.slice(root.length + 1)).sort() };
  };

  it('is searched in every folder and in any case, without a binding', async () => {
    expect(await search({ pattern: '*.log', search_type: 'name' })).toEqual({
      total: 3,
      results: ['App.LOG', 'logs/api.log', 'logs/old/crash report.log'],
      truncated: false,
    });
  });

  it('counts case when asked to', async () => {
    expect((await search({ pattern: '*.log', case_sensitive: true })).results).not.toContain('App.LOG');
  });

  it('finds nothing as an empty list', async () => {
    expect(await search({ pattern: '*nothing-like-it*' })).toEqual({ total: 0, results: [], truncated: false });
  });

  it('gives at most as many as asked for, and says how many there are', async () => {
    expect(await search({ pattern: '*.log', max_results: 2 })).toMatchObject({
      total: 3,
      truncated: true,
      results: { length: 2 },
    });
  });

  it('starts at the path given, or at the root of the binding', async () => {
    expect((await search({ pattern: '*.log', path: 'logs/old' })).results).toEqual(['logs/old/crash report.log']);
    expect((await search({ pattern: '*.log' }, 'logs.search_files')).total).toBe(2);
    expect((await search({ pattern: '*.log', path: 'old' }, 'logs.search_files')).total).toBe(1);
  });

  it.each(['..', '../logs-elsewhere', '/etc'])('never leaves the root of a binding (%s)', async (path) => {
    await expect(pool.call('logs.search_files', { pattern: '*', path }, ONCE)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      retryable: false,
    });
  });

  it('reports in its own words that a folder is not allowed', async () => {
    await expect(pool.call('files.search_files', { pattern: '*', path: '..' }, ONCE)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('Access denied'),
    });
  });

  it('is not asked for contents, which it cannot search', async () => {
    await expect(pool.call('files.search_files', { pattern: 'x', search_type: 'content' }, ONCE)).rejects.toMatchObject(
      {
        code: 'INVALID_INPUT',
        retryable: false,
        message: expect.stringContaining('names only'),
      },
    );
  });

  it('speaks for itself behind a binding without a dialect', async () => {
    expect(await pool.call('raw.search_files', { path: '.', pattern: '*.md' }, ONCE)).toEqual({
      content: join(root, 'readme.md'),
    });
  });
});
