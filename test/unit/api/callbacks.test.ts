import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCallbackSender, guardedLookup, type LookUp } from '../../../src/adapters/callback-sender.js';
import { systemClock } from '../../../src/adapters/clock.js';
import { callbackRules } from '../../../src/callbacks.js';
import type { Duration } from '../../../src/config.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const rules = (...allow: string[]) => callbackRules({ allow, secret });

describe('a callback', () => {
  test.each([
    ['hooks.example.com', 'https://hooks.example.com/a?b=c'],
    ['hooks.example.com', 'https://HOOKS.example.com:443/'],
    ['hooks.example.com:8443', 'https://hooks.example.com:8443/'],
    ['*.example.com', 'https://a.b.example.com/'],
    ['http://hooks.internal:8080', 'http://hooks.internal:8080/x'],
    ['http://127.0.0.1:9', 'http://127.0.0.1:9/'],
  ])('with %s allowed may go to %s', (allowed, url) => {
    expect(rules(allowed).refusal(url)).toBeUndefined();
  });

  test.each([
    ['hooks.example.com', 'http://hooks.example.com/'],
    ['hooks.example.com', 'https://hooks.example.com:8443/'],
    ['hooks.example.com', 'https://a.hooks.example.com/'],
    ['hooks.example.com', 'https://hooks.example.com.evil.example/'],
    ['hooks.example.com', 'https://hooks.example.com@evil.example/'],
    ['hooks.example.com', 'https://user:pw@hooks.example.com/'],
    ['*.example.com', 'https://example.com/'],
    ['*.example.com', 'https://evilexample.com/'],
    ['http://127.0.0.1:9', 'http://127.0.0.1:10/'],
    ['http://127.0.0.1:9', 'http://127.1:9999/'],
    ['hooks.example.com', 'ftp://hooks.example.com/'],
    ['hooks.example.com', `https://hooks.example.com/${'x'.repeat(3_000)}`],
  ])('with %s allowed may not go to %s', (allowed, url) => {
    expect(rules(allowed).refusal(url)).toEqual(expect.any(String));
  });

  test.each([
    [{ allow: ['not a host'] }, 'give a host'],
    [{ allow: ['https://hooks.example.com/path'] }, 'give a host'],
    [{ allow: [], secret: 'hunter2' }, 'whsec_'],
    [{ allow: [], secret: 'whsec_c2hvcnQ=' }, '24 bytes'],
    [{ allow: [], secret: [] }, undefined],
    [{ allow: [], secret, attempts: 0 }, 'attempts'],
    [{ allow: [], secret, attempts: 151 }, 'from 1 to 150'],
    [{ allow: [], secret, timeout: '2m' }, 'timeout'],
  ] as const)('set up as %j is a mistake that is found at start', (settings, says) => {
    if (says === undefined) return expect(() => callbackRules(settings, {})).toThrow();
    expect(() => callbackRules(settings, {})).toThrow(says);
  });

  test('is signed by each secret while one is replaced by another', () => {
    const two = callbackRules({ allow: [], secret: [secret, secret.replace('B', 'C')] });
    expect(two.sign('id', '{}', 1_700_000_000_999)).toEqual({
      'webhook-id': 'id',
      'webhook-timestamp': '1700000000',
      'webhook-signature': expect.stringMatching(/^v1,\S{44} v1,\S{44}$/),
    });
  });

  test('takes no more than its time, and reads no answer to its end', async () => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/silent')) return;
      // An answer without an end.
      response.write('x');
      const more = setInterval(() => response.write('x'.repeat(1_000)), 1);
      response.once('close', () => clearInterval(more));
    });
    const url = await listening(server);
    const sender = (timeout: Duration) =>
      createCallbackSender(callbackRules({ allow: [url], secret, timeout }), systemClock);
    const sent = { url: `${url}/silent?secret=1`, id: 'a', body: '{}' };
    await expect(sender(50).send(sent)).rejects.toMatchObject({
      code: 'CALLBACK_FAILED',
      retryable: true,
      message: `${url}/silent did not answer: its time is over`,
    });
    await sender('30s').send({ ...sent, url: `${url}/endless` });
  });

  test.each([
    ['seconds', () => '7', 7_000],
    ['a date', (now: number) => new Date(now + 90_000).toUTCString(), 90_000],
    ['a date that is past', (now: number) => new Date(now - 90_000).toUTCString(), undefined],
    ['what is neither', () => 'soon', undefined],
    ['nothing', () => '', undefined],
  ] as const)('is told when to come again by %s', async (_how, retryAfter, retryAfterMs) => {
    const now = 1_700_000_000_000;
    const server = createServer((_request, response) => {
      response.writeHead(503, { 'retry-after': retryAfter(now) });
      response.end();
    });
    const url = await listening(server);
    const sender = createCallbackSender(rules(url), { now: () => now });
    await expect(sender.send({ url, id: 'a', body: '{}' })).rejects.toMatchObject({ retryAfterMs });
  });

  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '169.254.169.254',
    '::',
    '::1',
    'fe80::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:169.254.169.254',
  ])('to a name that leads to %s is not sent', async (address) => {
    const url = 'http://hooks.example.com:9';
    const sender = createCallbackSender(rules(url), systemClock, answering(address));
    await expect(sender.send({ url, id: 'a', body: '{}' })).rejects.toMatchObject({
      message: expect.stringContaining('hooks.example.com leads to an address of this machine'),
    });
  });

  test('to a name that leads elsewhere too goes there, and only there', () => {
    const found: unknown[] = [];
    const lookup = guardedLookup(answering('127.0.0.1', '192.0.2.1', '::1', '2001:db8::1'));
    lookup('hooks.example.com', {}, (_error, address, family) => found.push([address, family]));
    lookup('hooks.example.com', { all: true }, (_error, addresses) => found.push(addresses));
    expect(found).toEqual([
      ['192.0.2.1', 4],
      [
        { address: '192.0.2.1', family: 4 },
        { address: '2001:db8::1', family: 6 },
      ],
    ]);
  });
});

/** Names as a resolver answers them that somebody else controls. */
function answering(...addresses: readonly string[]): LookUp {
  return (_host, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    );
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
