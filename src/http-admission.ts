/**
 * Who may talk to a server over HTTP. A page in a browser can send requests to a loopback port (DNS rebinding), so the
 * names in `Host` and `Origin` are checked; and beyond loopback a token is asked for.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

export interface AdmissionRules {
  /** Host names accepted besides loopback's, without port. */
  readonly allowedHosts: readonly string[];
  readonly token?: string | undefined;
}

export interface Refusal {
  readonly status: 401 | 403;
  readonly message: string;
}

/** Why this request is refused; nothing when it may pass. */
export function refusalOf(headers: IncomingHttpHeaders, { allowedHosts, token }: AdmissionRules): Refusal | undefined {
  const allowed = new Set([...LOOPBACK, ...allowedHosts.map(inUrl)]);
  const { host, origin } = headers;
  const hostName = host === undefined ? undefined : hostNameOf(`http://${host}`);
  if (hostName === undefined || !allowed.has(hostName)) {
    return {
      status: 403,
      message: `The Host header names "${host ?? ''}"; allow it with --allow-host if it is yours.`,
    };
  }
  if (origin !== undefined && !allowed.has(hostNameOf(origin) ?? '')) {
    return {
      status: 403,
      message: `Requests from pages of "${origin}" are refused; allow its host with --allow-host.`,
    };
  }
  if (token !== undefined && !bearsToken(headers, token)) {
    return {
      status: 401,
      message: 'The Authorization header must be "Bearer" and the token that the server was given.',
    };
  }
  return undefined;
}

/** Whether the token is there, as a bearer's; never where there is none. */
export function bearsToken({ authorization = '' }: IncomingHttpHeaders, token: string | undefined): boolean {
  return token !== undefined && sameSecret(authorization, `Bearer ${token}`);
}

/** An IPv6 address stands in brackets in a URL. */
function inUrl(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]`.toLowerCase() : host.toLowerCase();
}

function hostNameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** Compares digests, so that the time it takes tells nothing about the secret or its length. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
