import type { Command } from 'commander';
import type { Settings } from './settings.js';
import type { Terminal } from './terminal.js';

/** Carries a command out: with the settings that it was called with, to its exit code. */
export type Carry = (
  command: Command,
  work: (settings: Settings, terminal: Terminal) => Promise<number>,
) => Promise<void>;
