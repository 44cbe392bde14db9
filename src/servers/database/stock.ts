/** Adding to and taking from stock: all items or none, and never below 0. */
import { z } from 'zod';
import type { EffectJournal, RecordedEffect } from '../idempotency.js';
import type { SqliteFile } from '../sqlite.js';
import { ToolFailure } from '../tool-failure.js';
import { invalid, stockColumn } from './row-values.js';
import { quoted } from './sqlite-tables.js';
import { AdjustAnswer, type Change, type Undoing } from './store.js';
import type { Table } from './tables.js';

const Stock = z.object({ value: z.number() });

const Adjusted = z.object({
  table: z.string(),
  column: z.string(),
  changes: z.array(z.object({ id: z.string(), by: z.number() })),
});

/** Throws OUT_OF_STOCK, NOT_FOUND, UNDO_MISMATCH, and those of `idempotency.ts`. */
export function adjustStock(
  file: SqliteFile,
  journal: EffectJournal,
  table: Table,
  column: string,
  changes: readonly Change[],
  { idempotencyKey: key, undoOf }: Undoing,
): AdjustAnswer {
  stockColumn(table, column);
  const args = { table: table.name, column, changes };
  const net = netChanges(changes);

  const read = (id: string) =>
    file.one(Stock, `SELECT ${quoted(column)} AS value FROM ${quoted(table.name)} WHERE id = ?`, id)?.value;
  const apply = (): AdjustAnswer => {
    const rows = [...net].map(([id, by]) => {
      const before = read(id);
      if (before === undefined)
        throw new ToolFailure('NOT_FOUND', `${table.name} has no row "${id}"; nothing was changed.`);
      const value = before + by;
      if (value < 0) {
        const message = `${table.name}: "${id}" has ${column} ${before}, and ${-by} were asked for; nothing was changed.`;
        throw new ToolFailure('OUT_OF_STOCK', message);
      }
      if (!Number.isSafeInteger(value)) throw invalid(`${column} of "${id}" would be too large a number`);
      file.run(`UPDATE ${quoted(table.name)} SET ${quoted(column)} = ? WHERE id = ?`, value, id);
      return { id, value };
    });
    return { rows, applied: true };
  };

  /** An unknown item is passed over: the adjust may have been refused for just that, and its undo must not be. */
  const present = (id: string) => {
    const value = read(id);
    return value === undefined ? [] : [{ id, value }];
  };

  return file.transaction(() => {
    if (undoOf !== undefined) {
      return journal.undo({ key, tool: 'adjust', args, of: undoOf, undoes: 'adjust' }, AdjustAnswer, {
        check: (effect) => requireInverse(effect, table.name, column, net, undoOf),
        reverse: apply,
        never: () => ({ rows: [...net.keys()].flatMap(present), applied: false }),
      });
    }
    return key === undefined ? apply() : journal.once({ key, tool: 'adjust', args }, AdjustAnswer, apply);
  });
}

/** An item that is named twice is one item: two orders of 3 need 6. */
function netChanges(changes: readonly Change[]): ReadonlyMap<string, number> {
  const net = new Map<string, number>();
  for (const { id, by } of changes) net.set(id, (net.get(id) ?? 0) + by);
  return net;
}

/** An undo that gave back something else than was taken would make stock out of nothing. */
function requireInverse(
  { args }: RecordedEffect,
  table: string,
  column: string,
  net: ReadonlyMap<string, number>,
  undoOf: string,
): void {
  const done = Adjusted.parse(args);
  const taken = netChanges(done.changes);
  const inverse = taken.size === net.size && [...taken].every(([id, by]) => net.get(id) === -by);
  if (done.table === table && done.column === column && inverse) return;
  const was = [...taken].map(([id, by]) => `${id} ${by}`).join(', ');
  throw new ToolFailure(
    'UNDO_MISMATCH',
    `"${undoOf}" adjusted ${done.column} of ${done.table} by ${was}; its undo must give exactly the inverse. Nothing was changed.`,
  );
}
