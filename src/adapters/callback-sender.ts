/**
 * Sends a callback: one request to a listed host, whose answer's status alone is read. Redirects are not followed, since
 * they lead where nobody has allowed it; nor does a name lead to this machine, or to where clouds keep their secrets.
 */
import { lookup as dnsLookUp, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { CallbackRules, CallbackSender } from '../callbacks.js';
import { SwitchyardError } from '../errors.js';
import { isLoopback } from '../http-admission.js';
import type { Clock } from '../ports.js';

/** Addresses to which no name may lead: this machine, and what only the machine's own network has, metadata services among it. */
const NOWHERE = new BlockList();
NOWHERE.addSubnet('127.0.0.0', 8, 'ipv4');
NOWHERE.addSubnet('0.0.0.0', 8, 'ipv4');
NOWHERE.addSubnet('169.254.0.0', 16, 'ipv4');
NOWHERE.addAddress('::', 'ipv6');
NOWHERE.addAddress('::1', 'ipv6');
NOWHERE.addSubnet('fe80::', 10, 'ipv6');
NOWHERE.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');
NOWHERE.addSubnet('::ffff:169.254.0.0', 112, 'ipv6');

/** How a name's addresses are found. */
export type LookUp = (
  host: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** @param lookUp the system's, but for tests: whoever answers for a name may answer anything */
export function createCallbackSender(rules: CallbackRules, clock: Clock, lookUp: LookUp = dnsLookUp): CallbackSender {
  const guarded = guardedLookup(lookUp);
  return {
    async send({ url, id, body, signal }) {
      const refusal = rules.refusal(url);
      if (refusal !== undefined) throw failed(`nothing is sent to ${shown(url)}: ${refusal}`, false);
      const headers = {
        ...rules.sign(id, body, clock.now()),
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': 'switchyard-callback/1',
      };
      const { status, retryAfter } = await within(rules.timeoutMs, signal, (limit) =>
        post(new URL(url), headers, body, limit, guarded),
      ).catch((cause: unknown) => {
        throw failed(`${shown(url)} did not answer: ${reasonOf(cause)}`, true, { cause });
      });
      if (status >= 200 && status < 300) return;
      const redirect = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
      // Gone is the receiver's word for never again.
      throw failed(`${shown(url)} answered ${status}${redirect}`, status !== 410, {
        retryAfterMs: retryAfterMs(retryAfter, clock.now()),
      });
    },
  };
}

interface Answered {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

function post(
  url: URL,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
  guarded: LookupFunction,
): Promise<Answered> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // An address that is listed as such may be anywhere; a name may be pointed anywhere by whoever answers for it.
  const lookup = isIP(host) || isLoopback(host) ? undefined : guarded;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      { method: 'POST', headers, signal, agent: false, ...(lookup && { lookup }) },
      (response) => {
        // What it says beyond that is of no use to us, however long it goes on.
        response.destroy();
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}

/** Looks up a name, and passes over the addresses to which none may lead. */
export function guardedLookup(lookUp: LookUp): LookupFunction {
  return (host, options, done) => {
    lookUp(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      const open = addresses.filter(({ address, family }) => !NOWHERE.check(address, family === 6 ? 'ipv6' : 'ipv4'));
      const [first] = open;
      if (!first) return done(new Error(`${host} leads to an address of this machine`), []);
      return options.all ? done(null, open) : done(null, first.address, first.family);
    });
  };
}

/** `Retry-After` as HTTP has it: seconds, or a date. One that is past says nothing. */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return ms > 0 ? ms : undefined;
}

/** Without its query, where receivers like to put a secret. */
function shown(text: string): string {
  if (!URL.canParse(text)) return 'the address';
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname}`;
}

/** A timer of its own: of signals that are joined, Node 20 may collect the joint before any of them is aborted. */
async function within<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const breakOff = () => limit.abort();
  const timer = setTimeout(breakOff, ms);
  signal?.addEventListener('abort', breakOff, { once: true });
  try {
    return await work(limit.signal);
  } catch (error) {
    if (!limit.signal.aborted) throw error;
    throw new Error(signal?.aborted ? 'it was broken off' : 'its time is over', { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', breakOff);
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}

function failed(
  message: string,
  retryable: boolean,
  more: { cause?: unknown; retryAfterMs?: number | undefined } = {},
) {
  const { cause, retryAfterMs } = more;
  return new SwitchyardError('CALLBACK_FAILED', message, {
    retryable,
    ...(cause !== undefined && { cause }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
