import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiProblem, get } from '../../../src/ui/connection/request.js';
import { noteServerTime, serverNow } from '../../../src/ui/connection/server-clock.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('an answer', () => {
  const answered = async (body: string | ReadableStream, headers: Record<string, string>, status = 200) => {
    vi.stubGlobal('sessionStorage', { getItem: () => null });
    vi.stubGlobal('fetch', async () => new Response(body, { status, headers }));
    return await get('/v1/counts').catch((error: unknown) => error);
  };
  const json = { 'content-type': 'application/json; charset=utf-8' };
  const cut = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"workflows":'));
        controller.error(new TypeError('network error'));
      },
    });

  it.each([
    ['a page of a proxy', '<html>log in</html>', { 'content-type': 'text/html' }, { status: 200, code: 'NO_API' }],
    ['no object', 'null', json, { status: 200, code: 'NO_API' }],
    ['broken off', cut(), json, { status: 0, code: 'UNREACHABLE' }],
    ['half of the text', '{"workflows":', json, { status: 0, code: 'UNREACHABLE' }],
  ])('that is %s is a problem like any other', async (_what, body, headers, problem) => {
    const found = await answered(body, headers);
    expect(found).toBeInstanceOf(ApiProblem);
    expect(found).toMatchObject({ ...problem, issues: [] });
  });

  it('that nobody waits for any more stays what it is', async () => {
    const stream = new ReadableStream({
      start: (controller) => controller.error(new DOMException('given up', 'AbortError')),
    });
    expect(await answered(stream, json)).toMatchObject({ name: 'AbortError' });
  });
});

describe("the server's clock", () => {
  const NOW = 1_700_000_000_000;
  /** Answers that come at these moments, by a server that is so far ahead; what the page takes the difference for after each. */
  const noted = (aheadMs: number, moments: readonly number[]) =>
    moments.map((at) => {
      vi.spyOn(Date, 'now').mockReturnValue(NOW + at);
      noteServerTime(new Date(Math.floor((NOW + at + aheadMs) / 1_000) * 1_000).toUTCString());
      return serverNow() - (NOW + at);
    });

  it('is taken to be ours while it is near, kept steady where it is not, and ours again once it is mended', () => {
    expect(noted(600, [0, 250, 500, 999])).toEqual([0, 0, 0, 0]);
    const near = noted(
      2_000,
      Array.from({ length: 40 }, (_none, at) => at * 137),
    );
    const changes = near.filter((ahead, at) => at > 0 && ahead !== near[at - 1]).length;
    expect(changes).toBeLessThanOrEqual(1);
    const far = noted(60_000, [0, 300, 600, 900]);
    expect(new Set(far).size).toBe(1);
    expect(Math.abs((far[0] ?? 0) - 60_000)).toBeLessThanOrEqual(500);
    expect(noted(0, [0, 500]).at(-1)).toBe(0);
  });
});
