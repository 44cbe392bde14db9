/** Imports a user's file, also in TypeScript: by Node itself where it can, else by the `tsx` of the user's project. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { SwitchyardError } from '../../errors.js';
import { sourcePlace } from '../source-place.js';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

/** @throws SwitchyardError INVALID_CONFIG: it cannot be loaded, and why */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    if (TYPESCRIPT.has(extname(file)) && !('typescript' in process.features)) await registerTsx(file);
    const module: unknown = await import(pathToFileURL(file).href);
    return typeof module === 'object' && module !== null ? { ...module } : {};
  } catch (cause) {
    if (cause instanceof SwitchyardError) throw cause;
    const place = await sourcePlace(file, cause);
    const where = place === undefined ? '' : ` (${place})`;
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `Cannot load ${file}: ${cause instanceof Error ? cause.message : String(cause)}${where}`,
      { cause },
    );
  }
}

/** Its own address for `import`: resolving for `require`, which is all that Node offers from another folder, finds its twin. */
const TsxManifest = z.object({
  exports: z.object({ './esm/api': z.object({ import: z.object({ default: z.string() }) }) }),
});

async function registerTsx(file: string): Promise<void> {
  let manifest: string;
  try {
    manifest = createRequire(file).resolve('tsx/package.json');
  } catch (cause) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `${file}: Node ${process.versions.node} does not read TypeScript. Run \`npm install -D tsx\` in its project, use Node 22.18 or newer, or give a JavaScript file.`,
      { cause },
    );
  }
  const { exports } = TsxManifest.parse(JSON.parse(readFileSync(manifest, 'utf8')));
  const path = join(dirname(manifest), exports['./esm/api'].import.default);
  const tsx: unknown = await import(pathToFileURL(path).href);
  if (typeof tsx === 'object' && tsx !== null && 'register' in tsx && typeof tsx.register === 'function')
    tsx.register();
}
