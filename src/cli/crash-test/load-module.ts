/** Imports a user's file, also in TypeScript: by Node itself where it can, else by the `tsx` of the user's project. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
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

async function registerTsx(file: string): Promise<void> {
  let path: string;
  try {
    path = createRequire(file).resolve('tsx/esm/api');
  } catch (cause) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `${file}: Node ${process.versions.node} does not read TypeScript. Run \`npm install -D tsx\` in its project, use Node 22.18 or newer, or give a JavaScript file.`,
      { cause },
    );
  }
  const tsx: unknown = await import(pathToFileURL(path).href);
  if (typeof tsx === 'object' && tsx !== null && 'register' in tsx && typeof tsx.register === 'function')
    tsx.register();
}
