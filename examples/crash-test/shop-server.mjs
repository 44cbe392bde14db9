/**
 * A small shop as an MCP server, for the crash test's examples: `node shop-server.mjs <folder>`. It is started once per worker and
 * dies with it, and several are at work at once; so its book is a folder, in which each request that was answered is a file. Where
 * a call brings a `requestId`, the same id is the same effect; without one each call is another. What was taken back leaves a
 * tombstone, so that a call which was held up on its way and comes after its undo is refused; `node shop-server.mjs <folder>
 * forgetful` leaves none.
 */
import { createHash, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const folder = join(process.argv[2] ?? '.', 'shop');
mkdirSync(folder, { recursive: true });

/** By the name of its file. A page of the book is never written again, so it is read once. */
const pages = new Map();

function page(name) {
  if (!pages.has(name)) pages.set(name, JSON.parse(readFileSync(join(folder, name), 'utf8')));
  return pages.get(name);
}

const book = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.page'))
    .flatMap((name) => page(name).entries);

const nameOf = (requestId) => `${createHash('sha256').update(requestId).digest('hex')}.page`;

/** Writes the entries down, unless this request has been answered before, be it by another server; then that answer is given again. */
function once(requestId, effect) {
  const name = requestId === undefined ? `${randomUUID()}.page` : nameOf(requestId);
  const draft = join(folder, `${randomUUID()}.draft`);
  writeFileSync(draft, JSON.stringify(effect()));
  try {
    // All at once, and only if there is none: what a killed server had not finished is a draft, which nobody reads.
    linkSync(draft, join(folder, name));
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return answer(page(name).answer);
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
  const isKnown = requestId !== undefined && readdirSync(folder).includes(nameOf(requestId));
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
