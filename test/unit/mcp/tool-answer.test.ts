import { expect, test } from 'vitest';
import { readToolResult } from '../../../src/adapters/mcp/tool-answer.js';

test.each([
  [250, 250],
  [1e13, 3_600_000],
])('a tool that asks to be tried again in %d ms is taken at its word, up to an hour', (asked, kept) => {
  const error = { code: 'BUSY', message: 'later', retryable: true, retryAfterMs: asked };
  expect(readToolResult({ content: [], structuredContent: { error }, isError: true })).toEqual({
    kind: 'failure',
    failure: { message: 'BUSY: later', retryable: true, retryAfterMs: kept },
  });
});
