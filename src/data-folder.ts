/** The data folder of the command line and the shipped servers, `.switchyard` where nobody says otherwise. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the folder where there is none, and with it a `.gitignore`: what Redis holds of people's runs is not to be one
 * `git add .` away. A folder that is there is somebody's own and left as it is.
 *
 * @param mode of folders that are made
 */
export function makeDataFolder(path: string, mode?: number): void {
  if (mkdirSync(path, { recursive: true, ...(mode !== undefined && { mode }) }) === undefined) return;
  writeFileSync(join(path, '.gitignore'), '*\n');
}
