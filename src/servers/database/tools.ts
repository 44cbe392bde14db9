import { z } from 'zod';
import { IdempotencyKey } from '../idempotency.js';
import { listEffectsTool } from '../list-effects.js';
import { defineTool, type Tool } from '../tool.js';
import {
  AdjustAnswer,
  type DatabaseStore,
  DeleteAnswer,
  InsertAnswer,
  QueryAnswer,
  Row,
  UpdateAnswer,
} from './store.js';
import { TABLE_NAMES } from './tables.js';

/** Rows in one answer, at most. */
const ROW_CAP = 100;
/** The longest free text that is searched for. */
const MAX_QUERY_LENGTH = 2_000;

const TableName = z.enum(TABLE_NAMES);
const Id = z.string().min(1).max(200);
const Key = IdempotencyKey.optional().describe('the same call again with the same key is done once');
const UndoOf = IdempotencyKey.optional().describe('the idempotencyKey of the effect that this call undoes');
const Data = Row.refine((data) => Object.keys(data).length > 0, 'must name at least one column');

export function databaseTools(store: DatabaseStore): Tool[] {
  const effect = { readOnlyHint: false, idempotentHint: false, openWorldHint: false };

  const query = defineTool({
    name: 'query',
    title: 'Query a table',
    description:
      'Finds rows in which any text contains any word of the query longer than 3 letters. A query that names an id ' +
      '(cust-1001) finds exactly its rows; an empty one finds all; one without any such word finds none.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: z.strictObject({
      table: TableName,
      query: z.string().max(MAX_QUERY_LENGTH).default(''),
      limit: z.int().min(1).max(ROW_CAP).default(ROW_CAP),
    }),
    output: QueryAnswer,
    run: ({ table, query: text, limit }) => store.query(table, text, limit),
  });

  const insert = defineTool({
    name: 'insert',
    title: 'Insert a row',
    description: 'Adds a row. Without an id in data, the id is derived from the idempotencyKey, or else random.',
    annotations: { ...effect, destructiveHint: false },
    input: z.strictObject({ table: TableName, data: Row, idempotencyKey: Key }),
    output: InsertAnswer,
    run: ({ table, data, idempotencyKey }) => store.insert(table, data, { idempotencyKey }),
  });

  const update = defineTool({
    name: 'update',
    title: 'Update rows',
    description: 'Changes columns of the row with this id, or of all rows whose columns have the values in where.',
    annotations: { ...effect, destructiveHint: true, idempotentHint: true },
    input: z
      .strictObject({ table: TableName, id: Id.optional(), where: Data.optional(), data: Data, idempotencyKey: Key })
      .refine(({ id, where }) => (id === undefined) !== (where === undefined), 'give id or where, one of them'),
    output: UpdateAnswer,
    run: ({ table, id, where, data, idempotencyKey }) =>
      store.update(table, where ?? (id === undefined ? {} : { id }), data, { idempotencyKey }),
  });

  const remove = defineTool({
    name: 'delete',
    title: 'Delete a row',
    description:
      'Deletes a row. With undoOf, deletes the row that the insert under that key made; if there was no such insert, ' +
      'nothing is deleted and a later insert under that key is refused.',
    annotations: { ...effect, destructiveHint: true, idempotentHint: true },
    input: z
      .strictObject({ table: TableName, id: Id.optional(), idempotencyKey: Key, undoOf: UndoOf })
      .refine(({ id, undoOf }) => id ?? undoOf, 'give id or undoOf'),
    output: DeleteAnswer,
    run: ({ table, id, ...undoing }) => store.delete(table, id, undoing),
  });

  const adjust = defineTool({
    name: 'adjust',
    title: 'Adjust stock',
    description:
      'Adds to or takes from integer columns, all changes or none, never below 0 (OUT_OF_STOCK). With undoOf, reverses ' +
      'the adjust made under that key: the changes must be its exact inverse; if there was none, nothing changes and a ' +
      'later adjust under that key is refused. Safe to repeat only with an idempotencyKey or undoOf.',
    annotations: { ...effect, destructiveHint: true },
    input: z.strictObject({
      table: TableName,
      column: z.string().min(1).max(100),
      changes: z
        .array(z.strictObject({ id: Id, by: z.int() }))
        .min(1)
        .max(ROW_CAP),
      idempotencyKey: Key,
      undoOf: UndoOf,
    }),
    output: AdjustAnswer,
    run: ({ table, column, changes, ...undoing }) => store.adjust(table, column, changes, undoing),
  });

  return [query, insert, update, remove, adjust, listEffectsTool((wanted) => store.effects(wanted))];
}
