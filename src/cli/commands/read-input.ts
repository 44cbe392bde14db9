/** The input of a run, as given on the command line. */
import { readFile } from 'node:fs/promises';
import { jsonErrorPosition } from '../../adapters/mcp/json-error-position.js';
import { SwitchyardError } from '../../errors.js';
import { clip, oneLine } from '../terminal.js';

/**
 * JSON, `-` for standard input, or `@file`; nothing is `{}`.
 * @throws SwitchyardError INVALID_INPUT: where the JSON breaks off, or which file cannot be read
 */
export async function readInput(given: string | undefined): Promise<unknown> {
  if (given === undefined) return {};
  if (given === '-') return parse(await standardInput(), 'standard input');
  if (!given.startsWith('@')) return parse(given, 'the input');
  const file = given.slice(1);
  try {
    return parse(await readFile(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof SwitchyardError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchyardError('INVALID_INPUT', `Cannot read the input from ${file}: ${why}.`, { cause });
  }
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = jsonErrorPosition(text);
    const where = position ? ` at line ${position.line}, column ${position.column}` : '';
    const seen = text.trim() === '' ? 'it is empty' : `it begins with ${clip(oneLine(text), 60)}`;
    throw new SwitchyardError(
      'INVALID_INPUT',
      `${source} is not JSON${where}: ${seen}. In a shell put JSON into single quotes: '{"query":"…"}', or give @file.json, or - for standard input.`,
      { cause },
    );
  }
}
