import { EFFECT_TABLES, EFFECT_TABLES_SINCE_1 } from '../idempotency.js';
import { SqliteFile } from '../sqlite.js';

/**
 * - `ledger`: one row for each movement of money. Rows are only ever added; triggers keep even a slip of ours from
 *   changing the past, since the ledger is what every other record is checked against.
 * - `outbox`: messages to be sent. Nothing here sends them: a mailer takes rows whose `delivered_at` is empty, sends
 *   them with their id as Message-ID, and stamps the row. So that a message is stored in the transaction of its effect,
 *   and a mail server that is down delays it without failing it.
 * - `labels`: shipping labels; a cancelled one stays, with its state.
 */
const TABLES = `
  ${EFFECT_TABLES}
  CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'refund')),
    payment_id TEXT NOT NULL,
    refund_id TEXT UNIQUE,
    order_id TEXT NOT NULL,
    customer TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    UNIQUE (kind, payment_id)
  ) STRICT;
  CREATE INDEX ledger_order ON ledger (order_id);
  CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'ledger rows never change'); END;
  CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'ledger rows are never deleted'); END;
  CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('message', 'cancellation')),
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    queued_at TEXT NOT NULL,
    delivered_at TEXT
  ) STRICT;
  CREATE TABLE labels (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    tracking_number TEXT NOT NULL UNIQUE,
    carrier TEXT NOT NULL,
    address TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('created', 'cancelled'))
  ) STRICT;
`;

export function openCommerceFile(path: string): SqliteFile {
  return new SqliteFile(path, { version: 2, tables: TABLES, upgrades: [EFFECT_TABLES_SINCE_1] });
}
