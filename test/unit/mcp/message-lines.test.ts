import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageLines } from '../../../src/adapters/mcp/message-lines.js';

const inChunks = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...chunks, bytes.subarray(at)];
};

describe('lines of messages', () => {
  it('are the same however the bytes arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.array(fc.integer({ min: 1, max: 20 })), (messages, sizes) => {
        const lines = new MessageLines(10_000);
        const bytes = Buffer.from(messages.map((message) => `${message}\r\n`).join(''));
        const texts = inChunks(bytes, sizes).flatMap((chunk) =>
          lines.push(chunk).map((line) => (line.kind === 'line' ? line.text : line.kind)),
        );
        expect(texts).toEqual(messages.map((message) => message.trim()));
      }),
      { numRuns: 100 },
    );
  });

  it('that are too long say whose answer they were, from either end, and the next line is whole again', () => {
    const long = 'x'.repeat(2_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 700 })),
        (id, idFirst, sizes) => {
          const result = { nested: { id: 999 }, text: `${long}"id":7}` };
          const message = idFirst ? { jsonrpc: '2.0', id, result } : { result, jsonrpc: '2.0', id };
          const lines = new MessageLines(1_000);
          const seen = inChunks(Buffer.from(`${JSON.stringify(message)}\n{"next":1}\n`), sizes).flatMap((chunk) =>
            lines.push(chunk),
          );
          expect(seen).toEqual([
            { kind: 'too-long', id },
            { kind: 'line', text: '{"next":1}' },
          ]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('that are too long and name no request say so', () => {
    const [line] = new MessageLines(10).push(Buffer.from(`{"result":{"id":5,"text":"${'x'.repeat(100)}"}}\n`));
    expect(line).toEqual({ kind: 'too-long', id: undefined });
  });
});
