#!/usr/bin/env node
import { runProgram } from '../run-program.js';
import { commerceProgram } from './program.js';

await runProgram(commerceProgram);
