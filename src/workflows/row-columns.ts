/** Which columns of some rows hold the number, the time and the name: what insights and chart are made from. */

type Row = Readonly<Record<string, unknown>>;

export interface RowColumns {
  /** The first column whose values are numbers. */
  readonly value?: string;
  /** The first column whose values are dates such as `2025-03` or `2025-03-31T12:00:00Z`. */
  readonly time?: string;
  /** The first other text column: the name under which numbers belong together. */
  readonly series?: string;
}

const DATE = /^\d{4}-\d{2}(?:-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?)?$/;

/** Identifiers count and sort like values, and mean nothing when they are added up. */
const IDENTIFIER = /^id$|_id$|Id$/;

/** A column counts when every row that has a value there has one of the kind; a column of gaps alone does not. */
export function columnsOf(rows: readonly Row[]): RowColumns {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => !IDENTIFIER.test(name));
  const holds = (name: string, test: (value: unknown) => boolean) => {
    const values = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined);
    return values.length > 0 && values.every(test);
  };
  const value = names.find((name) => holds(name, Number.isFinite));
  const time = names.find((name) => holds(name, (cell) => typeof cell === 'string' && DATE.test(cell)));
  const series = names.find((name) => name !== time && holds(name, (cell) => typeof cell === 'string'));
  return {
    ...(value !== undefined && { value }),
    ...(time !== undefined && { time }),
    ...(series !== undefined && { series }),
  };
}
