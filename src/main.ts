#!/usr/bin/env node
import { runCli } from './cli/program.js';
import { processTerminal } from './cli/terminal.js';

/** What output to a slow pipe may still take once the command has ended. */
const FLUSH_MS = 1_000;

process.exitCode = await runCli(process.argv.slice(2), processTerminal());
// A command that has ended must not live on in a connection that waits for a Redis that is gone.
setTimeout(() => process.exit(), FLUSH_MS).unref();
