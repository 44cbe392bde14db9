/**
 * A small shop as an MCP server, for the crash test's examples: `node shop-server.mjs <folder>`. Its book is a file, since it is
 * started once per worker and dies with it. Where a call brings a `requestId`, the same id is the same effect; without one each
 * call is another. What was taken back leaves a tombstone, so that a call which was held up on its way and comes after its undo is
 * refused; `node shop-server.mjs <folder> forgetful` leaves none.
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

const tombstones = process.argv[3] !== 'forgetful';

/** The subject is taken back, as often as it stood, or as `undone` says; nothing may happen to it any more. */
function takeBack(of, said, undone = standing(of)) {
  const undos = Array.from({ length: undone }, () => ({ kind: 'undo', of }));
  return { entries: tombstones ? [...undos, { kind: 'tombstone', of }] : undos, answer: said };
}

/** The effect, once per request, unless its subject has been taken back. */
function happen(requestId, of, entry, said) {
  const isKnown = requestId !== undefined && book().some((one) => one.requestId === requestId);
  const isTakenBack = of !== undefined && book().some(({ kind, of: other }) => kind === 'tombstone' && other === of);
  if (isTakenBack && !isKnown) return refusal(`"${of}" has been taken back: it came too late`);
  return once(requestId, () => ({ entries: [{ kind: 'effect', of, ...entry }], answer: said }));
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
  happen(id, orderId, {}, { chargeId: newId('charge') }),
);
tool('refund', { orderId: z.string(), requestId: z.string() }, ({ orderId, requestId: id }) =>
  once(id, () => takeBack(orderId, { refunded: standing(orderId) })),
);
tool('send_email', { to: z.string(), subject: z.string(), requestId }, ({ requestId: id }) =>
  happen(id, id, {}, { messageId: newId('message') }),
);
tool('take_stock', { sku: z.string(), quantity: z.number(), requestId: z.string() }, ({ requestId: id }) =>
  happen(id, id, {}, { taken: true }),
);
tool('put_back', { sku: z.string(), quantity: z.number(), taken: z.string(), requestId }, ({ taken, requestId: id }) =>
  // With a request id it is careful, and puts back only what was taken; without one it just counts up.
  once(id, () => takeBack(taken, { movement: newId('movement') }, id === undefined ? 1 : standing(taken))),
);
tool('create_label', { address: z.string(), requestId: z.string() }, ({ requestId: id }) => {
  const labelId = newId('label');
  return happen(id, id, { labelId }, { labelId });
});
tool(
  'cancel_label',
  { labelId: z.string().optional(), labelRequest: z.string().optional(), requestId: z.string() },
  ({ labelId, labelRequest, requestId: id }) => {
    const label = book().find((entry) => entry.labelId !== undefined && entry.labelId === labelId);
    const of = labelRequest ?? label?.of;
    if (of === undefined) return refusal(`there is no label "${labelId ?? ''}"`);
    return once(id, () => takeBack(of, { cancelled: of }));
  },
);
tool('standing', { of: z.string() }, ({ of }) => answer({ standing: standing(of) }), { readOnlyHint: true });

await server.connect(new StdioServerTransport());
