/** One request to the API of the same origin; a refusal becomes an {@link ApiProblem}, whatever its body is. */
import type { InputIssue } from '../../errors.js';
import { noteServerTime } from './server-clock.js';
import { askForToken, authorization } from './token.js';

export class ApiProblem extends Error {
  constructor(
    /** 0 when the server could not be reached, or its answer broke off. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly issues: readonly InputIssue[] = [],
  ) {
    super(message);
  }
}

export const UNREACHABLE = 'The server does not answer. Is “switchyard up” still running?';

const CUT = 'The answer broke off.';
const NO_API = 'What answered is not the API: a login of a proxy, perhaps. Loading the page anew shows it.';

/** @throws ApiProblem */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return await send<T>(path, { method: 'GET', ...(signal && { signal }) });
}

/** @throws ApiProblem */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return await send<T>(path, { method: 'POST', body: JSON.stringify(body), headers });
}

async function send<T>(path: string, init: RequestInit): Promise<T> {
  const response = await reach(path, { ...init, headers: { ...init.headers, accept: 'application/json' } });
  let body: unknown;
  try {
    body = await response.json();
  } catch (error) {
    if (isAbort(error)) throw error;
    // What calls itself anything but JSON comes from somebody else.
    const isOurs = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    throw isOurs ? new ApiProblem(0, 'UNREACHABLE', CUT) : new ApiProblem(response.status, 'NO_API', NO_API);
  }
  if (typeof body !== 'object' || body === null) throw new ApiProblem(response.status, 'NO_API', NO_API);
  // What the API answers is the contract of `shapes.ts`; it is the same release.
  return body as T;
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** The response of a request that was not refused. @throws ApiProblem */
export async function reach(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { ...init.headers, ...authorization() }, cache: 'no-store' });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiProblem(0, 'UNREACHABLE', UNREACHABLE);
  }
  noteServerTime(response.headers.get('date'));
  if (response.ok) return response;
  if (response.status === 401) askForToken();
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => undefined);
  const field = (name: string): unknown =>
    typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  const detail = field('detail') ?? field('title');
  const issues = field('issues');
  return new ApiProblem(
    response.status,
    String(field('code') ?? response.status),
    typeof detail === 'string' ? detail : `The server answered ${response.status}.`,
    Array.isArray(issues) ? issues : [],
  );
}
