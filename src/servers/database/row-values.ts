/** Whether a caller's values fit a table. Everything here throws INVALID_ARGUMENTS and says what would fit. */
import { ToolFailure } from '../tool-failure.js';
import type { Row } from './store.js';
import { type Column, TABLE_NAMES, TABLES, type Table } from './tables.js';

export function tableNamed(name: string): Table {
  const table = TABLES.get(name);
  if (!table) throw invalid(`there is no table "${name}"; there are: ${TABLE_NAMES.join(', ')}`);
  return table;
}

/** The column, if `adjust` may change it. */
export function stockColumn(table: Table, name: string): Column {
  const column = table.columns.get(name);
  if (column?.stock) return column;
  const stock = [...table.columns].filter(([, { stock }]) => stock).map(([stockName]) => stockName);
  throw invalid(`"${name}" of ${table.name} cannot be adjusted; of this table can: ${stock.join(', ') || 'none'}`);
}

/** Checks names and types of the given columns; `id` is accepted as a text. */
export function requireColumns(table: Table, values: Row): void {
  for (const [name, value] of Object.entries(values)) {
    const column: Column | undefined = name === 'id' ? { type: 'text', required: true } : table.columns.get(name);
    if (!column)
      throw invalid(`${table.name} has no column "${name}"; it has: id, ${[...table.columns.keys()].join(', ')}`);
    const problem = misfit(column, value);
    if (problem !== undefined) throw invalid(`${table.name}.${name} ${problem}`);
  }
}

/** Checks a whole new row, apart from its id. */
export function requireNewRow(table: Table, values: Row): void {
  requireColumns(table, values);
  const missing = [...table.columns].filter(([name, { required }]) => required && (values[name] ?? null) === null);
  if (missing.length > 0) throw invalid(`a row of ${table.name} needs: ${missing.map(([name]) => name).join(', ')}`);
}

function misfit({ type, required, stock }: Column, value: Row[string]): string | undefined {
  if (value === null) return required ? 'must not be null' : undefined;
  if (type === 'text') return typeof value === 'string' ? undefined : 'must be a text';
  if (type === 'real') return typeof value === 'number' ? undefined : 'must be a number';
  if (!Number.isSafeInteger(value)) return 'must be an integer';
  return stock && Number(value) < 0 ? 'must not be below 0' : undefined;
}

export function invalid(problem: string): ToolFailure {
  return new ToolFailure('INVALID_ARGUMENTS', `${problem}; nothing was changed.`);
}
