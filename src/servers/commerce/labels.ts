/** Shipping labels of an imaginary carrier. */
import { z } from 'zod';
import { canonicalJson, shortDigest } from '../../canonical-json.js';
import { EffectJournal, IdempotencyKey } from '../idempotency.js';
import type { SqliteFile } from '../sqlite.js';
import { defineTool, type Tool } from '../tool.js';

const CARRIER = 'Sample Parcel';

const AddressLine = z.string().min(1).max(200);

const NewLabel = z.strictObject({
  orderId: z.string().min(1).max(200),
  address: z.strictObject({
    name: AddressLine,
    street: AddressLine,
    city: AddressLine,
    postalCode: AddressLine,
    country: AddressLine,
  }),
});

const Label = z.object({
  labelId: z.string(),
  trackingNumber: z.string(),
  carrier: z.string(),
  status: z.literal('created'),
});

const CancelledLabel = z.object({
  labelId: z.string().nullable(),
  status: z.enum(['cancelled', 'nothing_to_cancel']),
});

const Found = z.object({
  found: z.boolean(),
  labelId: z.string().optional(),
  trackingNumber: z.string().optional(),
  carrier: z.string().optional(),
  orderId: z.string().optional(),
  status: z.enum(['created', 'cancelled']).optional(),
});

export function labelTools(file: SqliteFile): Tool[] {
  const journal = new EffectJournal(file);

  const createLabel = defineTool({
    name: 'create_shipping_label',
    title: 'Create a shipping label',
    description: 'Creates a shipping label for an order, once per idempotencyKey.',
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: NewLabel.extend({ idempotencyKey: IdempotencyKey }),
    output: Label,
    run: ({ idempotencyKey: key, ...args }) =>
      file.transaction(() =>
        journal.once({ key, tool: 'create_shipping_label', args }, Label, () => {
          const digest = shortDigest(key);
          const [labelId, trackingNumber] = [`lbl_${digest}`, `SP${digest.slice(0, 16).toUpperCase()}`];
          file.run(
            'INSERT INTO labels (id, order_id, tracking_number, carrier, address, status) VALUES (?, ?, ?, ?, ?, ?)',
            ...[labelId, args.orderId, trackingNumber, CARRIER, canonicalJson(args.address), 'created'],
          );
          return { labelId, trackingNumber, carrier: CARRIER, status: 'created' as const };
        }),
      ),
  });

  const cancelLabel = defineTool({
    name: 'cancel_shipping_label',
    title: 'Cancel a shipping label',
    description:
      'Cancels the label created under labelKey, once. If there is none, nothing is cancelled, and a later ' +
      'create_shipping_label under labelKey is refused.',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({
      labelKey: IdempotencyKey.describe('the idempotencyKey of the label'),
      idempotencyKey: IdempotencyKey,
    }),
    output: CancelledLabel,
    run: ({ idempotencyKey: key, labelKey }) => {
      const undo = {
        key,
        tool: 'cancel_shipping_label',
        args: { labelKey },
        of: labelKey,
        undoes: 'create_shipping_label',
      };
      return file.transaction(() =>
        journal.undo(undo, CancelledLabel, {
          check: () => {},
          reverse({ answer }) {
            const { labelId } = Label.parse(answer);
            file.run("UPDATE labels SET status = 'cancelled' WHERE id = ?", labelId);
            return { labelId, status: 'cancelled' as const };
          },
          never: () => ({ labelId: null, status: 'nothing_to_cancel' as const }),
        }),
      );
    },
  });

  const findLabel = defineTool({
    name: 'find_label',
    title: 'Find a shipping label by its key',
    description: 'Says whether a label was created under labelKey, and whether it was cancelled since.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: z.strictObject({ labelKey: IdempotencyKey }),
    output: Found,
    run({ labelKey }) {
      const effect = journal.find(labelKey);
      if (effect?.tool !== 'create_shipping_label') return { found: false };
      const { orderId } = NewLabel.parse(effect.args);
      return {
        found: true,
        ...Label.parse(effect.answer),
        orderId,
        status: effect.undone ? ('cancelled' as const) : ('created' as const),
      };
    },
  });

  return [createLabel, cancelLabel, findLabel];
}
