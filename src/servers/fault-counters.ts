/**
 * How often each fault rule has struck, for each call it is about. Kept in SQLite, because a retried call may reach
 * another server process than the first, or the same after a crash.
 */
import { z } from 'zod';
import { canonicalJson, shortDigest } from '../canonical-json.js';
import type { FaultRule } from './fault-rules.js';
import { SqliteFile } from './sqlite.js';

const TABLES = `
  CREATE TABLE strikes (
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (rule, subject)
  ) STRICT;
`;
const Count = z.object({ count: z.number() });

export class FaultCounters {
  readonly #file: SqliteFile;

  constructor(path: string) {
    this.#file = new SqliteFile(path, { version: 1, tables: TABLES });
  }

  /** Counts one more strike, unless the limit is reached: returns its number from 1, or nothing. */
  strike(rule: FaultRule, args: object, limit: number): number | undefined {
    const [id, subject] = [shortDigest(canonicalJson(rule)), subjectOf(args)];
    return this.#file.transaction(() => {
      const count =
        this.#file.one(Count, 'SELECT count FROM strikes WHERE rule = ? AND subject = ?', id, subject)?.count ?? 0;
      if (count >= limit) return undefined;
      this.#file.run(
        'INSERT INTO strikes (rule, subject, count) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1',
        id,
        subject,
      );
      return count + 1;
    });
  }

  close(): void {
    this.#file.close();
  }
}

function subjectOf(args: object): string {
  const key = 'idempotencyKey' in args && args.idempotencyKey;
  return typeof key === 'string' ? `key:${key}` : `arguments:${shortDigest(canonicalJson(args))}`;
}
