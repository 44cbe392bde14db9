/** Messages to customers. They are queued in the outbox table; see `commerce-file.ts` for what sends them. */
import { z } from 'zod';
import { shortDigest } from '../../canonical-json.js';
import { EffectJournal, IdempotencyKey } from '../idempotency.js';
import type { SqliteFile } from '../sqlite.js';
import { defineTool, type Tool } from '../tool.js';
import { ToolFailure } from '../tool-failure.js';

/** No line breaks: a recipient or subject must not be able to add headers to a mail. */
const OneLine = z
  .string()
  .min(1)
  .max(320)
  .regex(/^[^\r\n]*$/, 'must be one line');

const Message = z.strictObject({ to: OneLine, subject: OneLine, body: z.string().max(50_000) });

const Sent = z.object({ notificationId: z.string(), to: z.string(), status: z.literal('queued') });

const Cancelled = z.object({
  notificationId: z.string().nullable().describe('of the cancellation message; null when nothing had to be cancelled'),
  to: z.string(),
  status: z.enum(['queued', 'nothing_to_cancel']),
});

const Found = z.object({
  found: z.boolean(),
  notificationId: z.string().optional(),
  to: z.string().optional(),
  status: z.enum(['queued', 'cancelled']).optional(),
});

export function notificationTools(file: SqliteFile): Tool[] {
  const journal = new EffectJournal(file);
  const effect = { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false };

  const queue = (id: string, kind: 'message' | 'cancellation', message: z.infer<typeof Message>) =>
    file.run(
      'INSERT INTO outbox (id, kind, recipient, subject, body, queued_at) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, kind, message.to, message.subject, message.body, new Date().toISOString()],
    );

  const sendNotification = defineTool({
    name: 'send_notification',
    title: 'Send a notification',
    description: 'Queues a message to a customer, once per idempotencyKey.',
    annotations: effect,
    input: Message.extend({ idempotencyKey: IdempotencyKey }),
    output: Sent,
    run: ({ idempotencyKey: key, ...message }) =>
      file.transaction(() =>
        journal.once({ key, tool: 'send_notification', args: message }, Sent, () => {
          const notificationId = `ntf_${shortDigest(key)}`;
          queue(notificationId, 'message', message);
          return { notificationId, to: message.to, status: 'queued' as const };
        }),
      ),
  });

  const sendCancellation = defineTool({
    name: 'send_cancellation_notification',
    title: 'Take a notification back',
    description:
      'Queues a message that takes back the one sent under notificationKey, to the same recipient. If that was never ' +
      'sent, nothing is sent now, and a later send_notification under notificationKey is refused.',
    annotations: effect,
    input: Message.extend({
      notificationKey: IdempotencyKey.describe('the idempotencyKey of the notification'),
      idempotencyKey: IdempotencyKey,
    }),
    output: Cancelled,
    run: ({ idempotencyKey: key, notificationKey, ...message }) => {
      const undo = {
        key,
        tool: 'send_cancellation_notification',
        args: { ...message, notificationKey },
        of: notificationKey,
        undoes: 'send_notification',
      };
      return file.transaction(() =>
        journal.undo(undo, Cancelled, {
          check({ args }) {
            const { to } = Message.parse(args);
            if (to === message.to) return;
            throw new ToolFailure(
              'UNDO_MISMATCH',
              `The notification under "${notificationKey}" went to "${to}", not to "${message.to}"; nothing was sent.`,
            );
          },
          reverse() {
            const notificationId = `ntf_${shortDigest(key)}`;
            queue(notificationId, 'cancellation', message);
            return { notificationId, to: message.to, status: 'queued' as const };
          },
          never: () => ({ notificationId: null, to: message.to, status: 'nothing_to_cancel' as const }),
        }),
      );
    },
  });

  const findNotification = defineTool({
    name: 'find_notification',
    title: 'Find a notification by its key',
    description: 'Says whether a notification was sent under notificationKey, and whether it was taken back since.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: z.strictObject({ notificationKey: IdempotencyKey }),
    output: Found,
    run({ notificationKey }) {
      const effect = journal.find(notificationKey);
      if (effect?.tool !== 'send_notification') return { found: false };
      return {
        found: true,
        ...Sent.parse(effect.answer),
        status: effect.undone ? ('cancelled' as const) : ('queued' as const),
      };
    },
  });

  return [sendNotification, sendCancellation, findNotification];
}
