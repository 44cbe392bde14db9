/**
 * One SQLite file that several server processes share.
 *
 * - WAL, so that readers never wait; `synchronous = NORMAL`, which survives a killed process.
 * - Writers take turns (`BEGIN IMMEDIATE`) and wait up to {@link BUSY_TIMEOUT_MS} for theirs.
 * - Whoever comes first makes the tables and the seed data, in one transaction; the others find them there.
 *
 * Rows are checked by a zod schema on the way out. Only texts, numbers and null go in: the driver ends the process
 * when it is given a boolean.
 */
import { dirname } from 'node:path';
import Database from 'libsql';
import { z } from 'zod';
import { makeDataFolder } from '../data-folder.js';
import { SwitchyardError } from '../errors.js';

export type SqlValue = string | number | null;

export interface SqliteSchema {
  /** Counted up when the tables change; a file of another version is refused. */
  readonly version: number;
  readonly tables: string;
  /** What takes a file of an earlier version to the next: of version 1 first. One of a version beyond these is refused. */
  readonly upgrades?: readonly string[];
  /** Runs once in the file's life, in the transaction that makes the tables. */
  readonly seed?: (file: SqliteFile) => void;
}

const BUSY_TIMEOUT_MS = 5_000;
const UserVersion = z.object({ user_version: z.number() });

export class SqliteFile {
  readonly path: string;
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  /** Opens the file, making its folder, tables and seed data where they are missing. Throws INVALID_CONFIG. */
  constructor(path: string, schema: SqliteSchema) {
    this.path = path;
    try {
      makeDataFolder(dirname(path));
      this.#db = new Database(path);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SwitchyardError(
        'INVALID_CONFIG',
        `Cannot open ${path}: ${why}. Give a data folder that can be written (--data DIR).`,
        { cause },
      );
    }
    this.#db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    this.#enterWal();
    this.#db.exec('PRAGMA synchronous = NORMAL');
    this.transaction(() => this.#migrate(schema));
  }

  /** Runs `work` alone among all writers; whatever it throws leaves the file as it was. */
  transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (thrown) {
      // SQLite has already rolled back after some errors (a full disk), and a second ROLLBACK would hide the first error.
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw thrown;
    }
  }

  all<T>(row: z.ZodType<T>, sql: string, ...values: SqlValue[]): T[] {
    return this.#prepare(sql)
      .all(...values)
      .map((found) => row.parse(found));
  }

  one<T>(row: z.ZodType<T>, sql: string, ...values: SqlValue[]): T | undefined {
    return this.all(row, sql, ...values)[0];
  }

  /** Returns the number of rows that changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return this.#prepare(sql).run(...values).changes;
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(sql: string): Database.Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** When processes switch a new file to WAL together, SQLite sometimes answers "busy" at once, whatever the timeout. */
  #enterWal(): void {
    const deadline = Date.now() + BUSY_TIMEOUT_MS;
    for (;;) {
      try {
        this.#db.exec('PRAGMA journal_mode = WAL');
        return;
      } catch (thrown) {
        if (!isBusy(thrown) || Date.now() > deadline) throw thrown;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }

  #migrate(schema: SqliteSchema): void {
    const found = this.one(UserVersion, 'PRAGMA user_version')?.user_version ?? 0;
    if (found === schema.version) return;
    if (found !== 0 && this.#upgrade(found, schema)) return;
    if (found !== 0) {
      throw new SwitchyardError(
        'INVALID_CONFIG',
        `${this.path} has tables of version ${found}, and this server knows version ${schema.version}. ` +
          'Use another data folder, or delete the file to begin with fresh sample data.',
      );
    }
    this.#db.exec(schema.tables);
    schema.seed?.(this);
    this.#db.exec(`PRAGMA user_version = ${schema.version}`);
  }

  #upgrade(found: number, { version, upgrades = [] }: SqliteSchema): boolean {
    const steps = upgrades.slice(found - 1);
    if (found > version || steps.length !== version - found) return false;
    for (const step of steps) this.#db.exec(step);
    this.#db.exec(`PRAGMA user_version = ${version}`);
    return true;
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_BUSY');
}
