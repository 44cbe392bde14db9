/** The Lua function by which every script that drops a run drops all of it: at a run's end, when a key is free again, when one is erased. */
import { readFileSync } from 'node:fs';

export const DROP_RUN = readFileSync(new URL('./lua/drop-run.lua', import.meta.url), 'utf8');
