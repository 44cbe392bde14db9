/**
 * What the database tools need from a store. SQLite is the one there is; a Postgres store would be another
 * implementation of this interface, over the same `tables.ts`.
 */
import { z } from 'zod';
import type { EffectPage, EffectQuery } from '../../effect-listing.js';

/** Columns with their values. */
export const Row = z.record(z.string(), z.union([z.string().max(20_000), z.number(), z.null()]));
export type Row = z.infer<typeof Row>;

export const QueryAnswer = z.object({
  table: z.string(),
  rows: z.array(Row),
  total: z.int().describe('rows that match'),
  truncated: z.boolean().describe('whether there are more than were returned'),
});
export type QueryAnswer = z.infer<typeof QueryAnswer>;

export const InsertAnswer = z.object({ id: z.string(), row: Row });
export type InsertAnswer = z.infer<typeof InsertAnswer>;

export const UpdateAnswer = z.object({ updated: z.int() });
export type UpdateAnswer = z.infer<typeof UpdateAnswer>;

export const DeleteAnswer = z.object({ deleted: z.int() });
export type DeleteAnswer = z.infer<typeof DeleteAnswer>;

export const AdjustAnswer = z.object({
  rows: z.array(z.object({ id: z.string(), value: z.int() })).describe('each item once, with its value now'),
  applied: z.boolean().describe('false: this undid nothing, since what it undoes never happened'),
});
export type AdjustAnswer = z.infer<typeof AdjustAnswer>;

export interface Change {
  readonly id: string;
  readonly by: number;
}

export interface Keyed {
  readonly idempotencyKey?: string | undefined;
}

export interface Undoing extends Keyed {
  /** The key of the effect that this call undoes. */
  readonly undoOf?: string | undefined;
}

/**
 * Every method is one transaction. All reject with a `ToolFailure` and then have changed nothing: INVALID_ARGUMENTS
 * (unknown table or column, wrong type), NOT_FOUND, DUPLICATE_ID, OUT_OF_STOCK, and those of keys and undos
 * (`idempotency.ts`).
 */
export interface DatabaseStore {
  query(table: string, query: string, limit: number): Promise<QueryAnswer>;
  insert(table: string, data: Row, keyed: Keyed): Promise<InsertAnswer>;
  /** Changes all rows whose columns, `id` included, have these values. */
  update(table: string, where: Row, data: Row, keyed: Keyed): Promise<UpdateAnswer>;
  /** The id may be left out where `undoOf` says which row it is. */
  delete(table: string, id: string | undefined, undoing: Undoing): Promise<DeleteAnswer>;
  adjust(table: string, column: string, changes: readonly Change[], undoing: Undoing): Promise<AdjustAnswer>;
  /** What was done under keys. */
  effects(query: EffectQuery): Promise<EffectPage>;
  close(): void;
}
