import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createEventStream, type EventStreamOptions } from '../../../src/api/live/event-stream.js';

/** A stream of a few bytes' patience, and how it closed. */
function stream(options: Partial<EventStreamOptions> = {}) {
  let closed = (_why: string) => {};
  const why = new Promise<string>((resolve) => {
    closed = resolve;
  });
  return { out: createEventStream({ bufferBytes: 64, ...options, onClose: (how) => closed(how) }), why };
}

const message = (data: unknown, more = {}) => [{ event: 'run', data, ...more }];

async function text(body: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const chunk of body) all += String(chunk);
  return all;
}

test('an event has its name, its id and one line of data, and the stream ends with the last', async () => {
  const { out, why } = stream();
  out.offer(() => message({ text: 'two\nlines' }, { id: 'x' }));
  out.offer(() => message(null, { last: true }));
  out.offer(() => message('too late'));
  expect(await text(out.body)).toBe(
    'retry: 2000\n\nevent: run\nid: x\ndata: {"text":"two\\nlines"}\n\nevent: run\ndata: null\n\n',
  );
  expect(await why).toBe('ended');
});

test('a client that reads slowly is told the latest, not what has piled up', async () => {
  const { out } = stream({ stallMs: 10_000 });
  out.offer(() => message('x'.repeat(100)));
  const made: number[] = [];
  for (let at = 0; at < 1_000; at += 1) {
    out.offer(() => {
      made.push(at);
      return message(at, { last: true });
    });
  }
  expect(made).toEqual([]);
  expect(out.body.readableLength).toBeLessThan(500);
  expect(await text(out.body)).toContain('data: 999\n\n');
  expect(made).toEqual([999]);
});

test('one that takes nothing is dropped', async () => {
  const { out, why } = stream({ stallMs: 5 });
  out.offer(() => message('x'.repeat(100)));
  expect(await why).toBe('stalled');
  expect(out.body.destroyed).toBe(true);
});

test('one that leaves is noticed, and nothing is made for it any more', async () => {
  const { out, why } = stream();
  out.body.destroy();
  expect(await why).toBe('left');
  out.offer(() => {
    throw new Error('nobody is there');
  });
});

test('a silent stream shows that it is alive', async () => {
  const { out } = stream({ heartbeatMs: 2, bufferBytes: 1024 });
  let seen = '';
  while (!seen.includes(': still here\n\n')) seen += String(await once(out.body, 'data'));
  out.end();
});
