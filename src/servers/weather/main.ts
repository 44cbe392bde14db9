#!/usr/bin/env node
import { runProgram } from '../run-program.js';

await runProgram('switchyard-weather', async () => (await import('./program.js')).weatherProgram);
