#!/usr/bin/env node
import { runProgram } from '../run-program.js';
import { weatherProgram } from './program.js';

await runProgram(weatherProgram);
