/**
 * The tables that exist, and everything that may be said about them. Names of tables and columns reach SQL from here
 * only: what a caller sends is looked up, never pasted.
 */

export interface Column {
  readonly type: 'text' | 'integer' | 'real';
  readonly required?: boolean;
  /** The value never goes below 0, and `adjust` may change it. */
  readonly stock?: boolean;
  /** Holds the id of a row of this table. */
  readonly refersTo?: string;
}

export interface Table {
  readonly name: string;
  /** Ids are `<prefix>-<letters and digits>`; so a query that names one is about exactly that row. */
  readonly idPrefix: string;
  /** Besides `id`, which every table has. */
  readonly columns: ReadonlyMap<string, Column>;
}

const text: Column = { type: 'text' };
const name: Column = { type: 'text', required: true };
const integer: Column = { type: 'integer' };
const real: Column = { type: 'real' };
const customer: Column = { type: 'text', refersTo: 'customers' };

function table(tableName: string, idPrefix: string, columns: Record<string, Column>): [string, Table] {
  return [tableName, { name: tableName, idPrefix, columns: new Map(Object.entries(columns)) }];
}

export const TABLES: ReadonlyMap<string, Table> = new Map([
  table('customers', 'cust', { name, email: text, tier: text, company: text, city: text, customer_since: text }),
  table('users', 'user', { name: text, email: text, customer_id: customer, status: text, created_at: text }),
  table('products', 'prod', { name, category: text, description: text, price_minor: integer, currency: text }),
  table('analytics', 'metric', { metric: name, category: text, period: text, value: real, unit: text }),
  table('inventory', 'sku', { name, quantity: { type: 'integer', required: true, stock: true }, warehouse: text }),
  table('user_data', 'data', { customer_id: customer, kind: text, title: text, content: text, updated_at: text }),
  table('historical_data', 'hist', { topic: text, period: text, summary: text, value: real }),
  table('metadata', 'meta', { name: text, description: text, source: text, updated_at: text }),
]);

export const TABLE_NAMES = [...TABLES.keys()];

/** Columns that hold ids which begin with the prefix, each with that prefix: `id`, and references to other tables. */
export function idColumns(table: Table): { readonly column: string; readonly prefix: string }[] {
  const references = [...table.columns].flatMap(([column, { refersTo }]) => {
    const prefix = refersTo === undefined ? undefined : TABLES.get(refersTo)?.idPrefix;
    return prefix === undefined ? [] : [{ column, prefix }];
  });
  return [{ column: 'id', prefix: table.idPrefix }, ...references];
}

export function textColumns(table: Table): string[] {
  return [...table.columns].filter(([, { type }]) => type === 'text').map(([column]) => column);
}
