import { join } from 'node:path';
import type { ServerProgram } from '../run-program.js';
import { openSqliteStore } from './sqlite-store.js';
import { databaseTools } from './tools.js';

/** `switchyard-database`: a small business' tables, seeded with sample data, over SQLite. */
export const databaseProgram: ServerProgram = {
  name: 'switchyard-database',
  summary: 'query, insert, update, delete and adjust rows of a seeded SQLite database',
  flags: {},
  open({ dataDir }) {
    const store = openSqliteStore(join(dataDir, 'database.db'));
    return { tools: databaseTools(store), close: () => store.close() };
  },
};
