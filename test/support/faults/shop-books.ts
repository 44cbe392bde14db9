/** The shop's own files, read past everything of ours: what was charged, paid back, and taken from the shelf. */
import { join } from 'node:path';
import Database from 'libsql';
import { z } from 'zod';
import { openCommerceFile } from '../../../src/servers/commerce/commerce-file.js';
import { openSqliteStore } from '../../../src/servers/database/sqlite-store.js';

/** Of which there is more than any scenario orders. */
export const SKU = 'sku-5012';

const Movement = z.object({ run: z.string(), charges: z.int(), refunds: z.int() });
const Quantity = z.object({ quantity: z.int() });
const Count = z.object({ count: z.int() });

export class ShopBooks {
  readonly #commerce: Database.Database;
  readonly #database: Database.Database;

  /** Makes the files where they are missing, as the servers would. */
  constructor(folder: string) {
    const [commerce, database] = [join(folder, 'commerce.db'), join(folder, 'database.db')];
    openCommerceFile(commerce).close();
    openSqliteStore(database).close();
    this.#commerce = new Database(commerce);
    this.#database = new Database(database);
    for (const file of [this.#commerce, this.#database]) file.exec('PRAGMA busy_timeout = 5000');
  }

  stock(): number {
    return Quantity.parse(this.#database.prepare('SELECT quantity FROM inventory WHERE id = ?').get(SKU)).quantity;
  }

  charges(): number {
    return Count.parse(this.#commerce.prepare("SELECT count(*) AS count FROM ledger WHERE kind = 'charge'").get())
      .count;
  }

  labels(): number {
    return Count.parse(this.#commerce.prepare('SELECT count(*) AS count FROM labels').get()).count;
  }

  /** The key of each movement of money, `<run>/<stage>/<call>`. */
  keys(): readonly string[] {
    const rows = this.#commerce.prepare('SELECT key FROM ledger ORDER BY seq').all();
    return z
      .array(z.object({ key: z.string() }))
      .parse(rows)
      .map(({ key }) => key);
  }

  byOrder(): ReadonlyMap<string, { readonly charges: number; readonly refunds: number }> {
    const rows = this.#commerce
      .prepare(
        `SELECT order_id AS run, SUM(kind = 'charge') AS charges, SUM(kind = 'refund') AS refunds
         FROM ledger GROUP BY order_id`,
      )
      .all();
    return new Map(
      z
        .array(Movement)
        .parse(rows)
        .map(({ run, ...sums }) => [run, sums]),
    );
  }

  close(): void {
    this.#commerce.close();
    this.#database.close();
  }
}
