#!/usr/bin/env node
import { runProgram } from '../run-program.js';
import { databaseProgram } from './program.js';

await runProgram(databaseProgram);
