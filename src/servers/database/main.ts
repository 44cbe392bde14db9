#!/usr/bin/env node
import { runProgram } from '../run-program.js';

await runProgram('switchyard-database', async () => (await import('./program.js')).databaseProgram);
