/**
 * Telling a program elsewhere that a run has ended: where to, and signed how. As Standard Webhooks has it, so that any of
 * its libraries can check what we send.
 */
import { createHmac } from 'node:crypto';
import { type Duration, toMsWithin } from './config.js';
import { SwitchyardError } from './errors.js';
import type { CallbackDelivery, EndNews } from './facts.js';
import { isLoopback } from './http-admission.js';
import type { Fence, Fenced } from './ports.js';

/** Sends a callback once. Rejects with CALLBACK_FAILED, `retryable` unless there is no use in trying again. */
export interface CallbackSender {
  send(callback: {
    readonly url: string;
    /** The same on every attempt. */
    readonly id: string;
    readonly body: string;
    readonly signal?: AbortSignal;
  }): Promise<void>;
}

/** Keeps what is told of a run's end until it has been, and with the run how that stands; the latest word stands. */
export interface DeliveryRecord {
  /**
   * What this end's callback tells, or that it has been taken. Undefined where nothing is kept: the run has not ended, its
   * callback was given up, or a release that kept nothing has ended it.
   */
  news(run: string, delivery: number): Promise<EndNews | 'delivered' | undefined>;
  record(run: string, fence: Fence, delivery: CallbackDelivery): Promise<{ readonly kind: 'recorded' } | Fenced>;
}

export interface CallbackSettings {
  /**
   * Where callbacks may go. A name means https on port 443: `hooks.example.com`, or `*.example.com` for every name below
   * it; `hooks.example.com:8443` another port; `http://hooks.internal:8080` plain http. Loopback has to be listed too.
   */
  readonly allow: readonly string[];
  /** `whsec_` and base64 of 24 bytes or more; several while one is replaced by another. Default: SWITCHYARD_CALLBACK_SECRET. */
  readonly secret?: string | readonly string[];
  /** Of one attempt. Default 10 s, at most 1 min. */
  readonly timeout?: Duration;
  /** From 1 to 150. Default 15: with the pauses between them, about 14 hours. */
  readonly attempts?: number;
  /** Pause after the first failed attempt, doubled by each further one up to 4 hours. Default 5 s. */
  readonly firstPause?: Duration;
}

export interface CallbackRules {
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly firstPauseMs: number;
  /** Why nothing may be sent to this address; undefined when it may. */
  refusal(url: string): string | undefined;
  /** Headers of one attempt. */
  sign(id: string, body: string, now: number): Readonly<Record<string, string>>;
}

export const CALLBACK_MAX_PAUSE_MS = 4 * 3_600_000;
/** With the longest pauses between them 25 days: less than what is told is kept for, `END_NEWS_KEPT_MS`. */
const MAX_ATTEMPTS = 150;
const DEFAULTS = { timeout: '10s', attempts: 15, firstPause: '5s' } as const;
const MIN_SECRET_BYTES = 24;
const MAX_URL_LENGTH = 2_048;

/** @throws SwitchyardError INVALID_CONFIG */
export function callbackRules(settings: CallbackSettings, env: NodeJS.ProcessEnv = process.env): CallbackRules {
  const places = settings.allow.map(placeOf);
  const given = settings.secret ?? env.SWITCHYARD_CALLBACK_SECRET ?? '';
  if (given.length === 0) throw invalid('there is no secret');
  const secrets = (typeof given === 'string' ? [given] : given).map(secretOf);
  const { timeout, attempts, firstPause } = { ...DEFAULTS, ...settings };
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > MAX_ATTEMPTS) {
    throw invalid(`attempts is ${attempts}; give a whole number from 1 to ${MAX_ATTEMPTS}`);
  }
  const within = (duration: Duration, max: number, what: string) =>
    toMsWithin(duration, { min: 1, max }, { code: 'INVALID_CONFIG', what: `callbacks.${what}` });
  return {
    attempts,
    timeoutMs: within(timeout, 60_000, 'timeout'),
    firstPauseMs: within(firstPause, CALLBACK_MAX_PAUSE_MS, 'firstPause'),
    refusal: (text) => refusalOf(text, places),
    sign(id, body, now) {
      const timestamp = Math.floor(now / 1_000);
      const signatures = secrets.map(
        (secret) => `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
      );
      return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
    },
  };
}

interface Place {
  readonly protocol: string;
  /** Without its `*`, where it stands for every name below. */
  readonly host: string;
  readonly below: boolean;
  readonly port: string;
}

function placeOf(entry: string): Place {
  const below = /^(?:https?:\/\/)?\*\./.test(entry);
  const text = entry.replace('*.', '');
  const written = /^https?:\/\//.test(text) ? text : `https://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url || url.hostname === '' || url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw invalid(`allow names "${entry}": give a host such as hooks.example.com, *.example.com, or http://host:port`);
  }
  return { protocol: url.protocol, host: url.hostname, below, port: url.port };
}

function refusalOf(text: string, places: readonly Place[]): string | undefined {
  const url = text.length <= MAX_URL_LENGTH && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return 'it is no http address';
  if (url.username !== '' || url.password !== '') return 'it holds credentials: the receiver knows us by our signature';
  const fits = ({ protocol, host, below, port }: Place) =>
    url.protocol === protocol &&
    url.port === port &&
    (below ? url.hostname.endsWith(`.${host}`) : url.hostname === host);
  if (places.some(fits)) return undefined;
  const plain = url.protocol === 'http:' && !isLoopback(url.hostname) ? ', or use https where that is' : '';
  return `${url.protocol}//${url.host} is not on the list: add it to callbacks.allow in switchyard.config${plain}`;
}

function secretOf(text: string): Buffer {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const secret = Buffer.from(encoded, 'base64');
  if (secret.length >= MIN_SECRET_BYTES) return secret;
  throw invalid(
    `secret must be whsec_ and base64 of ${MIN_SECRET_BYTES} bytes or more, in SWITCHYARD_CALLBACK_SECRET or the configuration. Make one: echo whsec_$(openssl rand -base64 32)`,
  );
}

function invalid(why: string): SwitchyardError {
  return new SwitchyardError('INVALID_CONFIG', `callbacks: ${why}`);
}
