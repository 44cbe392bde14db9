import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FEATURES, missingPackage, withPackages } from '../../src/optional-packages.js';

const Manifest = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean() })),
});
const manifest = Manifest.parse(JSON.parse(readFileSync('package.json', 'utf8')));
const named = new Map(FEATURES.flatMap(({ packages }) => Object.entries(packages)));

describe('the packages of features', () => {
  it('are the optional peers of package.json, no more and no fewer, and none is a dependency', () => {
    expect([...named.keys()].sort()).toEqual(Object.keys(manifest.peerDependencies).sort());
    expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual([...named.keys()].sort());
    expect(Object.values(manifest.peerDependenciesMeta)).toEqual([...named].map(() => ({ optional: true })));
    expect(Object.keys(manifest.dependencies).filter((name) => named.has(name))).toEqual([]);
  });

  it.each([...named])(
    '%s: the command installs %s, which is what is tested here, and what the peer range begins with',
    (name, range) => {
      const tested = /\d.*/.exec(manifest.devDependencies[name] ?? '')?.[0] ?? '';
      const least = /\d[^ ]*/.exec(manifest.peerDependencies[name] ?? '')?.[0] ?? '';
      expect(`${tested}.`.startsWith(`${range}.`), `tested with ${tested}`).toBe(true);
      expect(Number.parseInt(least, 10), `peer range from ${least}`).toBe(Number.parseInt(range, 10));
    },
  );
});

describe('a package that is missing', () => {
  it('is said in one line: the feature, the package, the command', () => {
    const found = missingPackage(notFound(`await import('libsql')`));
    expect(found?.code).toBe('INVALID_CONFIG');
    expect(found?.message).toBe(
      'The shipped tool servers (weather, database, commerce, files): the package libsql is not installed. ' +
        'Run: npm install libsql@0.5 @modelcontextprotocol/server-filesystem@2026',
    );
  });

  it('is recognised in Node’s own errors, of import and of require, also below the package’s root', () => {
    expect(missingPackage(notFound(`await import('@bull-board/api/bullMQAdapter')`))?.message).toContain(
      '@bull-board/api',
    );
    expect(
      missingPackage(
        notFound(
          `require('module').createRequire(process.cwd() + '/')('@modelcontextprotocol/server-filesystem/package.json')`,
        ),
      )?.message,
    ).toContain('server-filesystem');
  });

  it('that is none of a feature stays what it is', async () => {
    const theirs = notFound(`await import('left-out')`);
    expect(missingPackage(theirs)).toBeUndefined();
    await expect(withPackages(() => Promise.reject(theirs))).rejects.toBe(theirs);
    expect(missingPackage(new Error("Cannot find package 'fastify'"))).toBeUndefined();
  });
});

/** What this Node says, run where nothing is installed. */
function notFound(statement: string): Error {
  const program = `(async () => { ${statement} })().catch((e) => process.stdout.write(JSON.stringify({ code: e.code, message: e.message })))`;
  const said = execFileSync(process.execPath, ['-e', program], { cwd: '/', encoding: 'utf8' });
  const { code, message } = z.object({ code: z.string(), message: z.string() }).parse(JSON.parse(said));
  return Object.assign(new Error(message), { code });
}
