/**
 * A small shop as an MCP server, for the crash test's examples: `node shop-server.mjs <folder>`. Its book is a file, since it is
 * started once per worker and dies with it. Where a call brings a `requestId`, the same id is the same effect; without one each
 * call is another.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const path = join(process.argv[2] ?? '.', 'shop.jsonl');
const book = () =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];

/** Writes the entries down, unless this request has been answered before; then that answer is given again. */
function once(requestId, effect) {
  const earlier = book().find((entry) => requestId !== undefined && entry.requestId === requestId);
  if (earlier) return answer(earlier.answer);
  const { entries, answer: said } = effect();
  // One write: a server that is killed has written all of it, or nothing.
  const lines = [...entries, { kind: 'request' }].map((entry) => JSON.stringify({ ...entry, requestId, answer: said }));
  appendFileSync(path, `${lines.join('\n')}\n`);
  return answer(said);
}

const answer = (value) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });
const refusal = (text) => ({ isError: true, content: [{ type: 'text', text }] });

/** Effects on this subject, less those that were taken back. */
function standing(of) {
  const entries = book().filter((entry) => entry.of === of);
  return entries.filter(({ kind }) => kind === 'effect').length - entries.filter(({ kind }) => kind === 'undo').length;
}

let made = 0;
function newId(kind) {
  made += 1;
  return `${kind}-${process.pid}-${made}`;
}

const server = new McpServer({ name: 'shop', version: '1.0.0' });
const requestId = z.string().optional();
const tool = (name, inputSchema, run, annotations = {}) =>
  server.registerTool(name, { description: name, inputSchema, annotations }, run);

tool('charge', { orderId: z.string(), cents: z.number(), requestId: z.string() }, ({ orderId, requestId: id }) =>
  once(id, () => ({ entries: [{ kind: 'effect', of: orderId }], answer: { chargeId: newId('charge') } })),
);
tool('refund', { orderId: z.string(), requestId: z.string() }, ({ orderId, requestId: id }) =>
  once(id, () => {
    const refunded = standing(orderId);
    return { entries: Array.from({ length: refunded }, () => ({ kind: 'undo', of: orderId })), answer: { refunded } };
  }),
);
tool('send_email', { to: z.string(), subject: z.string(), requestId }, ({ requestId: id }) =>
  once(id, () => ({ entries: [{ kind: 'effect', of: id }], answer: { messageId: newId('message') } })),
);
tool('take_stock', { sku: z.string(), quantity: z.number(), requestId: z.string() }, ({ requestId: id }) =>
  once(id, () => ({ entries: [{ kind: 'effect', of: id }], answer: { taken: true } })),
);
tool('put_back', { sku: z.string(), quantity: z.number(), taken: z.string(), requestId }, ({ taken, requestId: id }) =>
  once(id, () => {
    // With a request id it is careful, and puts back only what was taken; without one it just counts up.
    const entries = id === undefined || standing(taken) > 0 ? [{ kind: 'undo', of: taken }] : [];
    return { entries, answer: { movement: newId('movement') } };
  }),
);
tool('create_label', { address: z.string(), requestId: z.string() }, ({ requestId: id }) =>
  once(id, () => {
    const labelId = newId('label');
    return { entries: [{ kind: 'effect', of: id, labelId }], answer: { labelId } };
  }),
);
tool(
  'cancel_label',
  { labelId: z.string().optional(), labelRequest: z.string().optional(), requestId: z.string() },
  ({ labelId, labelRequest, requestId: id }) => {
    const label = book().find((entry) => entry.labelId !== undefined && entry.labelId === labelId);
    const of = labelRequest ?? label?.of;
    if (of === undefined) return refusal(`there is no label "${labelId ?? ''}"`);
    const undo = () => ({ entries: standing(of) > 0 ? [{ kind: 'undo', of }] : [], answer: { cancelled: of } });
    return once(id, undo);
  },
);
tool('standing', { of: z.string() }, ({ of }) => answer({ standing: standing(of) }), { readOnlyHint: true });

await server.connect(new StdioServerTransport());
