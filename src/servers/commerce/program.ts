import { join } from 'node:path';
import { EffectJournal } from '../idempotency.js';
import { listEffectsTool } from '../list-effects.js';
import type { ServerProgram } from '../run-program.js';
import { openCommerceFile } from './commerce-file.js';
import { labelTools } from './labels.js';
import { notificationTools } from './notifications.js';
import { paymentTools } from './payments.js';

/** `switchyard-commerce`: charges, refunds, notifies and ships, once per key. */
export const commerceProgram: ServerProgram = {
  name: 'switchyard-commerce',
  summary: 'payments, notifications and shipping labels, each idempotent by key and safe to undo in any order',
  flags: {},
  open({ dataDir }) {
    const file = openCommerceFile(join(dataDir, 'commerce.db'));
    const journal = new EffectJournal(file);
    return {
      tools: [
        ...paymentTools(file),
        ...notificationTools(file),
        ...labelTools(file),
        listEffectsTool((query) => journal.list(query)),
      ],
      close: () => file.close(),
    };
  },
};
