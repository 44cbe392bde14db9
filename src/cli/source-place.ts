/** Where in a file of JavaScript a failure to load it comes from. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CHECK_TIMEOUT_MS = 10_000;
/** Node's own form at the head of a stack: the place on a line, then the source. */
const HEAD = /^(?:file:\/\/)?(\/.*):(\d+)$/gm;
const FRAME = /^ +at (?:.* \()?file:\/\/(\/.*?):(\d+):\d+\)?$/gm;
/** This package, which throws for a definition that its caller has to correct. */
const OURS = fileURLToPath(new URL('../', import.meta.url));

interface Place {
  readonly path: string;
  readonly line: string;
}

/** `<path>:<line>`, or undefined where it cannot be told. */
export async function sourcePlace(file: string, cause: unknown): Promise<string | undefined> {
  if (!(cause instanceof Error)) return undefined;
  const stack = cause.stack ?? '';
  const [before = ''] = stack.split(`${cause.name}: `, 1);
  const frames = placesIn(FRAME, stack);
  const theirs = ({ path }: Place) => !path.includes('/node_modules/') && !path.startsWith(OURS);
  const place = placesIn(HEAD, before)[0] ?? frames.find(({ path }) => path === file) ?? frames.find(theirs);
  // A module that cannot be parsed has no frame, and Node tells its place only to who prints the error.
  const found = place ?? (cause instanceof SyntaxError ? placesIn(HEAD, await complaintOfNode(file))[0] : undefined);
  return found && `${found.path}:${found.line}`;
}

function placesIn(pattern: RegExp, text: string): readonly Place[] {
  return [...text.matchAll(pattern)].map(([, path = '', line = '']) => ({ path: decodeURI(path), line }));
}

/** What `node --check`, which parses and runs nothing, says about the file. */
async function complaintOfNode(file: string): Promise<string> {
  try {
    await promisify(execFile)(process.execPath, ['--check', file], { timeout: CHECK_TIMEOUT_MS });
    return '';
  } catch (error) {
    return error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  }
}
