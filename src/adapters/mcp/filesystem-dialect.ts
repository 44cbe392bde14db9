/**
 * `search_files` as our workflows ask for it, spoken to `@modelcontextprotocol/server-filesystem`.
 *
 * That server globs with minimatch, where `*.log` means the top folder only and case counts; it takes `{path, pattern}`,
 * finds names only, knows no limit, and answers with a text of one path a line, or the sentence "No matches found".
 *
 * - A pattern without a slash is searched in every folder below; one with a slash starts at `path`.
 * - Case does not count unless `case_sensitive` is true: letters become classes (`l` → `[lL]`).
 * - `path` is relative to the binding's `root`, and cannot leave it, by `..` or by a link in it; without a root it is
 *   relative to the first folder that the server was given. What lies in the server's folders and links out of them the
 *   server refuses itself.
 */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { SwitchyardError } from '../../errors.js';
import type { Translation } from './translation.js';

const NOTHING_FOUND = 'No matches found';

/** Longest pattern sent: case classes make it four times longer, and minimatch's effort grows with it. */
const LONGEST_PATTERN = 256;

const request = z.object({
  pattern: z.string().min(1).max(LONGEST_PATTERN),
  search_type: z.enum(['name', 'content']).default('name'),
  path: z.string().default('.'),
  max_results: z.number().int().min(1).default(100),
  case_sensitive: z.boolean().default(false),
});

// Older releases answer in text alone, newer ones also in `structuredContent.content`.
const reply = z.union([
  z.object({ content: z.string() }).transform((r) => r.content),
  z.object({ text: z.string() }).transform((r) => r.text),
]);

export function filesystemSearch(root: string | undefined): Translation {
  return {
    toTool: (args) => {
      const asked = readRequest(args);
      if (asked.search_type === 'content') {
        throw refused(
          'the filesystem server searches names only; ask for search_type "name", or bind files.search_files to a server that searches content',
        );
      }
      return { path: startOf(root, asked.path), pattern: globOf(asked.pattern, asked.case_sensitive) };
    },
    fromTool: (answer, args) => {
      const parsed = reply.safeParse(answer);
      if (!parsed.success) return answer;
      const found = parsed.data === NOTHING_FOUND ? [] : parsed.data.split('\n').filter((line) => line !== '');
      const { max_results: limit } = readRequest(args);
      return { total: found.length, results: found.slice(0, limit), truncated: found.length > limit };
    },
  };
}

function readRequest(args: unknown): z.infer<typeof request> {
  const parsed = request.safeParse(args);
  if (parsed.success) return parsed.data;
  throw refused(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}

function refused(why: string): SwitchyardError {
  return new SwitchyardError('INVALID_INPUT', `search_files was not sent: ${why}`);
}

function startOf(root: string | undefined, path: string): string {
  if (path.includes('\0')) throw refused('path holds a NUL character');
  if (root === undefined) return path;
  const start = resolve(root, path);
  const leaves = (from: string, to: string): boolean => {
    const way = relative(from, to);
    return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
  };
  // Where the folders are not of this machine, or not there, the names alone count; the server has the last word.
  if (leaves(root, start) || leaves(real(root) ?? root, real(start) ?? real(root) ?? start))
    throw refused(`path "${path}" leads out of the root ${root}`);
  return start;
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** The minimatch pattern that finds what `pattern` means to us. */
export function globOf(pattern: string, caseSensitive: boolean): string {
  // A leading "!" would negate and "#" comment out the whole pattern.
  const anchored = pattern.includes('/') ? pattern.replace(/^[!#]/, '\\$&') : `**/${pattern}`;
  return caseSensitive ? anchored : anyCase(anchored);
}

// An escape, a letter range in braces, a bracket class (closed, or else its bracket is a plain character), or one character.
const PIECE = /\\.|\{\w\.\.\w\}|\[[!^]?\]?(?:\[:[a-z]+:\]|[^\]])*\]|./gsu;

function anyCase(pattern: string): string {
  return pattern.replace(PIECE, (piece) => {
    if (piece.startsWith('[') && piece.length > 1) return anyCaseClass(piece);
    if (piece.length > 1 && /^[\\{]/.test(piece)) return piece;
    // Beside the classes made here it would begin one.
    if (piece === '[') return '\\[';
    const [lower, upper] = [piece.toLowerCase(), piece.toUpperCase()];
    const one = lower !== upper && lower.length === piece.length && upper.length === piece.length;
    return one ? `[${lower}${upper}]` : piece;
  });
}

// `[a-c]` becomes `[a-ca-cA-C]`: the members in both cases beside each other. A class of anything but letters, digits and
// inner dashes stands as it is: doubling it could make a range of two neighbours.
function anyCaseClass(piece: string): string {
  const open = /^\[[!^]?/.exec(piece)?.[0] ?? '[';
  const members = piece.slice(open.length, -1);
  if (!/^(?:[\p{L}\p{N}_](?:-[\p{L}\p{N}_])?)+$/u.test(members)) return piece;
  return `${open}${members}${members.toLowerCase()}${members.toUpperCase()}]`;
}
