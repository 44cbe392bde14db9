/**
 * Effects that happen once per key, and undos that are safe in any order.
 *
 * Every method runs inside the transaction of the effect itself, so that an effect and its record cannot part.
 * What may stand under a key, and what each call then does:
 *
 * | under the key      | `once` (the effect)                        | `undo` (of that effect)                        |
 * |--------------------|--------------------------------------------|------------------------------------------------|
 * | nothing            | does it, records the answer                | changes nothing, leaves a tombstone            |
 * | the effect         | same arguments: the recorded answer; other arguments: KEY_REUSED | reverses it, records the answer |
 * | the effect, undone | UNDONE (other arguments: KEY_REUSED)       | the recorded answer of the first undo          |
 * | a tombstone        | UNDONE: the effect came after its undo     | the recorded answer of the first undo          |
 *
 * An undo may have a key of its own; it is then recorded like any effect.
 */
import { z } from 'zod';
import { canonicalJson } from '../canonical-json.js';
import type { EffectPage, EffectQuery } from '../effect-listing.js';
import type { SqliteFile } from './sqlite.js';
import { ToolFailure } from './tool-failure.js';

/** Tables that a file needs for {@link EffectJournal}; part of its schema. */
export const EFFECT_TABLES = `
  CREATE TABLE effects (
    key TEXT PRIMARY KEY,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    answer TEXT,      -- JSON; NULL in a tombstone
    undo_answer TEXT, -- JSON, once it is undone; never NULL in a tombstone
    at TEXT           -- when it was recorded; NULL in rows from before this was kept
  ) STRICT;
`;

/** Takes a file of version 1 to the tables above. */
export const EFFECT_TABLES_SINCE_1 = 'ALTER TABLE effects ADD COLUMN at TEXT';

/** The argument of every tool that takes a key. */
export const IdempotencyKey = z.string().min(1).max(512);

export interface Effect {
  readonly key: string;
  readonly tool: string;
  /** The call's arguments without the key. */
  readonly args: object;
}

export interface Undo {
  /** The undo's own key, if it has one. */
  readonly key?: string | undefined;
  readonly tool: string;
  readonly args: object;
  /** The key of the effect to be undone, and the tool that had it. */
  readonly of: string;
  readonly undoes: string;
}

export interface RecordedEffect {
  readonly tool: string;
  /** As recorded: parse them with the tool's own schemas. */
  readonly args: unknown;
  readonly answer: unknown;
  readonly undone: boolean;
}

export interface UndoMoves<Answer> {
  /** Throws a {@link ToolFailure} when the undo is not the exact inverse of the effect. */
  check(effect: RecordedEffect): void;
  reverse(effect: RecordedEffect): Answer;
  /** The answer when there is nothing to undo; must change nothing. */
  never(): Answer;
}

const EffectRow = z.object({
  tool: z.string(),
  arguments: z.string(),
  answer: z.string().nullable(),
  undo_answer: z.string().nullable(),
});
type EffectRow = z.infer<typeof EffectRow>;

const ListedRow = z.object({ key: z.string(), tool: z.string(), undone: z.number(), at: z.string().nullable() });

/** Behind every text that begins with the same letters; no key holds this last of all code points. */
const LAST_CODE_POINT = '\u{10ffff}';

export class EffectJournal {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  once<Answer extends object>(effect: Effect, answer: z.ZodType<Answer>, happen: () => Answer): Answer {
    const row = this.#row(effect.key);
    if (row === undefined) {
      const happened = happen();
      this.#record(effect.key, effect.tool, effect.args, happened, null);
      return happened;
    }
    if (row.answer === null) throw undoneAlready(effect, 'was undone before it happened');
    requireSameCall(row, effect);
    if (row.undo_answer !== null) throw undoneAlready(effect, 'has been undone');
    return answer.parse(JSON.parse(row.answer));
  }

  undo<Answer extends object>(undo: Undo, answer: z.ZodType<Answer>, moves: UndoMoves<Answer>): Answer {
    const { key, of, tool, args, undoes } = undo;
    if (key === of)
      throw new ToolFailure('KEY_REUSED', `${tool} needs a key of its own: "${of}" is the key of what it undoes.`);
    if (key === undefined) return this.#undoOnce(undo, answer, moves);
    return this.once({ key, tool, args: { ...args, undoes, of } }, answer, () => this.#undoOnce(undo, answer, moves));
  }

  /** The effect under this key; nothing for a tombstone. */
  find(key: string): RecordedEffect | undefined {
    const row = this.#row(key);
    return row === undefined || row.answer === null ? undefined : recorded(row);
  }

  /** A page of what stands under each key, in the order of the keys' bytes; tombstones count as undone. */
  list({ after = '', prefix = '', limit }: EffectQuery): EffectPage {
    const rows = this.#file.all(
      ListedRow,
      `SELECT key, tool, undo_answer IS NOT NULL AS undone, at FROM effects
       WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?`,
      ...[after, prefix, `${prefix}${LAST_CODE_POINT}`, limit],
    );
    const last = rows.at(-1);
    return {
      effects: rows.map(({ key, tool, undone, at }) => ({
        key,
        tool,
        undone: undone === 1,
        ...(at !== null && { at }),
      })),
      ...(last && rows.length === limit && { next: last.key }),
    };
  }

  #undoOnce<Answer extends object>(undo: Undo, answer: z.ZodType<Answer>, moves: UndoMoves<Answer>): Answer {
    const row = this.#row(undo.of);
    if (row === undefined) {
      const nothing = moves.never();
      this.#record(undo.of, undo.undoes, {}, null, nothing);
      return nothing;
    }
    if (row.tool !== undo.undoes) {
      const message = `${undo.tool} undoes ${undo.undoes}, and "${undo.of}" is the key of a ${row.tool}; nothing was changed.`;
      throw new ToolFailure('UNDO_MISMATCH', message);
    }
    if (row.answer !== null) moves.check(recorded(row));
    if (row.undo_answer !== null) return answer.parse(JSON.parse(row.undo_answer));
    const undone = moves.reverse(recorded(row));
    this.#file.run('UPDATE effects SET undo_answer = ? WHERE key = ?', JSON.stringify(undone), undo.of);
    return undone;
  }

  #row(key: string): EffectRow | undefined {
    return this.#file.one(EffectRow, 'SELECT tool, arguments, answer, undo_answer FROM effects WHERE key = ?', key);
  }

  #record(key: string, tool: string, args: object, answer: object | null, undoAnswer: object | null): void {
    this.#file.run(
      'INSERT INTO effects (key, tool, arguments, answer, undo_answer, at) VALUES (?, ?, ?, ?, ?, ?)',
      key,
      tool,
      canonicalJson(args),
      answer && JSON.stringify(answer),
      undoAnswer && JSON.stringify(undoAnswer),
      new Date().toISOString(),
    );
  }
}

function recorded(row: EffectRow): RecordedEffect {
  return {
    tool: row.tool,
    args: JSON.parse(row.arguments),
    answer: row.answer === null ? undefined : JSON.parse(row.answer),
    undone: row.undo_answer !== null,
  };
}

function requireSameCall(row: EffectRow, { key, tool, args }: Effect): void {
  if (row.tool === tool && row.arguments === canonicalJson(args)) return;
  const what = row.tool === tool ? 'the same tool with other arguments' : `another tool, ${row.tool}`;
  throw new ToolFailure(
    'KEY_REUSED',
    `${tool}: the key "${key}" was already used by ${what}; nothing was changed. Use a new key.`,
  );
}

function undoneAlready({ tool, key }: Effect, how: string): ToolFailure {
  return new ToolFailure('UNDONE', `${tool} under the key "${key}" ${how}, so it is refused; nothing was changed.`);
}
