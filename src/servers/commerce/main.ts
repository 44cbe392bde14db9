#!/usr/bin/env node
import { runProgram } from '../run-program.js';

await runProgram('switchyard-commerce', async () => (await import('./program.js')).commerceProgram);
