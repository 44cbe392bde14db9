/**
 * Every error that a user can meet, in one table: what the code means, which HTTP status and exit code it has, and
 * whether another attempt may help.
 *
 * An error crosses Redis twice: as a job's `failedReason` (a string, read by Bull Board) and inside a run's record.
 * {@link SwitchyardError.toReason} and {@link errorRecordFromReason} are that trip; nothing else parses reasons.
 */

interface CodeEntry {
  /** HTTP status that the API answers with. */
  readonly http: number;
  /** Exit code of a command: 1 ended badly, 2 refused input, 3 no Redis, 4 needs a person, 5 the wait timed out. */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  /** Whether a later attempt of the same work may succeed; an attempt's own word overrides it. */
  readonly retryable: boolean;
}

export const ERROR_CODES = {
  UNKNOWN_WORKFLOW: { http: 404, exit: 2, retryable: false },
  UNKNOWN_RUN: { http: 404, exit: 2, retryable: false },
  INVALID_INPUT: { http: 422, exit: 2, retryable: false },
  INVALID_DEFINITION: { http: 500, exit: 2, retryable: false },
  INVALID_CONFIG: { http: 500, exit: 2, retryable: false },
  INVALID_JOB: { http: 422, exit: 1, retryable: false },
  KEY_CONFLICT: { http: 409, exit: 2, retryable: false },
  ILLEGAL_STATE: { http: 409, exit: 2, retryable: false },
  TOO_LARGE: { http: 413, exit: 2, retryable: false },
  UNAUTHORIZED: { http: 401, exit: 2, retryable: false },
  REDIS_UNAVAILABLE: { http: 503, exit: 3, retryable: true },
  REDIS_UNSUITABLE: { http: 503, exit: 3, retryable: false },
  /** The attempt ran longer than its timeout; whether its effect happened is unknown. */
  TIMEOUT: { http: 504, exit: 1, retryable: true },
  /** The worker that ran the attempt died, or lost its lock, before it could say how the attempt ended. */
  WORKER_LOST: { http: 500, exit: 1, retryable: true },
  /** The job killed or hung its worker too often; see `maxCrashes`. */
  CRASH_LOOP: { http: 500, exit: 1, retryable: false },
  TASK_FAILED: { http: 500, exit: 1, retryable: true },
  BAD_OUTPUT: { http: 500, exit: 1, retryable: false },
  /** A run that stands for a stage of another ended without a result. */
  NESTED_RUN_FAILED: { http: 500, exit: 1, retryable: false },
  ALL_BRANCHES_FAILED: { http: 500, exit: 1, retryable: false },
  /** An effect that is not safe to repeat has lost its answer: only a person can say whether it happened. */
  IN_DOUBT: { http: 409, exit: 4, retryable: false },
  COMPENSATION_STUCK: { http: 409, exit: 4, retryable: false },
  /** The run was told to stop: by a person, or by a policy of its own once its result was decided. */
  CANCELLED: { http: 409, exit: 1, retryable: false },
  /** The run's own deadline passed before it had ended. */
  DEADLINE_EXCEEDED: { http: 504, exit: 1, retryable: false },
  /** Fewer branches can still succeed than the fan-out asks for. */
  QUORUM_NOT_MET: { http: 500, exit: 1, retryable: false },
  /** A person said no, or nobody said yes in time. */
  REJECTED: { http: 409, exit: 1, retryable: false },
  /** No signal arrived before its deadline, and there is no default. */
  SIGNAL_MISSED: { http: 504, exit: 1, retryable: false },
  /** The tool answered that it failed. */
  TOOL_FAILED: { http: 502, exit: 1, retryable: true },
  /** No answer within the call's timeout; whether the effect happened is unknown. */
  TOOL_TIMEOUT: { http: 504, exit: 1, retryable: true },
  /** The server could not be reached, or died during the call. */
  TOOL_UNAVAILABLE: { http: 502, exit: 1, retryable: true },
  /** The server has failed too often in a row and is left alone for a while: the tool was not asked. */
  SERVER_PAUSED: { http: 503, exit: 1, retryable: true },
  /** More calls to the server than it is given at once, and than may wait: the tool was not asked. */
  SERVER_BUSY: { http: 503, exit: 1, retryable: true },
  UNKNOWN_SERVER: { http: 500, exit: 2, retryable: false },
  UNKNOWN_TOOL: { http: 500, exit: 2, retryable: false },
  SERVER_START_FAILED: { http: 502, exit: 2, retryable: true },
  /** The tool answered, and the answer does not have the shape that the binding promises. */
  ANSWER_MISMATCH: { http: 502, exit: 1, retryable: false },
  ANSWER_TOO_LARGE: { http: 502, exit: 1, retryable: false },
  WAIT_TIMEOUT: { http: 504, exit: 5, retryable: true },
  /** Nobody took the news that a run has ended: see the run's `callback`. */
  CALLBACK_FAILED: { http: 502, exit: 1, retryable: true },
  /** What is HTTP's own business, where a program may want to tell it apart: see docs/http.md. */
  INVALID_REQUEST: { http: 400, exit: 2, retryable: false },
  FORBIDDEN: { http: 403, exit: 2, retryable: false },
  NOT_FOUND: { http: 404, exit: 2, retryable: false },
  METHOD_NOT_ALLOWED: { http: 405, exit: 2, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { http: 415, exit: 2, retryable: false },
  /** More requests than one caller may make in a while; `retryAfterMs` says when to come back. */
  RATE_LIMITED: { http: 429, exit: 1, retryable: true },
  INTERNAL: { http: 500, exit: 1, retryable: true },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One refused part of an input: where it is and what is wrong with it. */
export interface InputIssue {
  /** Dotted path from the input's root, `items.0.quantity`; empty for the input itself. */
  readonly path: string;
  readonly message: string;
}

/** An error as it is kept in Redis and shown to people: plain JSON. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  /** What failed, for which id, and what to do next. */
  readonly message: string;
  readonly retryable: boolean;
  /** The step, branch or route that failed, when one did. */
  readonly step?: string;
  readonly issues?: readonly InputIssue[];
  /** Milliseconds to wait before the next attempt, when the tool or task said so. */
  readonly retryAfterMs?: number;
  /**
   * False when the attempt ended without the tool's answer (timeout, dead server, dead worker): an effect may then have
   * happened. True or absent: the tool's word was received, or it was never asked.
   */
  readonly answered?: boolean;
}

/**
 * Most characters of a message, and most issues, that an error keeps. It is stored once per attempt, in memory: a server
 * that answers with a page of HTML, or an input with thousands of mistakes, must not fill Redis.
 */
export const MAX_MESSAGE_LENGTH = 4_096;
export const MAX_ISSUES = 20;
/** The same for the path and the message of one issue: both may hold what was sent. */
const MAX_ISSUE_LENGTH = 512;

/** Cut to `most` characters, the note of how many are missing included: what was cut once is not cut again. */
function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  const note = (cut: number) => `… (${cut} more characters)`;
  const kept = text.slice(0, most - note(text.length).length).replace(/[\uD800-\uDBFF]$/, '');
  return kept + note(text.length - kept.length);
}

function clippedMessage(message: string, issues: readonly InputIssue[] = []): string {
  if (issues.length <= MAX_ISSUES) return clipped(message, MAX_MESSAGE_LENGTH);
  const note = ` (${issues.length - MAX_ISSUES} more issues are not listed)`;
  return clipped(message, MAX_MESSAGE_LENGTH - note.length) + note;
}

function clippedIssue({ path, message }: InputIssue): InputIssue {
  return { path: clipped(path, MAX_ISSUE_LENGTH), message: clipped(message, MAX_ISSUE_LENGTH) };
}

export interface SwitchyardErrorOptions extends Partial<Omit<ErrorRecord, 'code' | 'message'>> {
  readonly cause?: unknown;
}

/** Keeps at most {@link MAX_MESSAGE_LENGTH} characters and {@link MAX_ISSUES} issues, and says how many were left out. */
export class SwitchyardError extends Error {
  override readonly name: string = 'SwitchyardError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly step: string | undefined;
  readonly issues: readonly InputIssue[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly answered: boolean | undefined;

  constructor(code: ErrorCode, message: string, options: SwitchyardErrorOptions = {}) {
    super(clippedMessage(message, options.issues), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.step = options.step;
    this.issues = options.issues?.slice(0, MAX_ISSUES).map(clippedIssue);
    this.retryAfterMs = options.retryAfterMs;
    this.answered = options.answered;
  }

  toJSON(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.step !== undefined && { step: this.step }),
      ...(this.issues && { issues: this.issues }),
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
      ...(this.answered !== undefined && { answered: this.answered }),
    };
  }

  static fromRecord(record: ErrorRecord): SwitchyardError {
    return new SwitchyardError(record.code, record.message, record);
  }

  /** The job's `failedReason`: a line for the person in front of Bull Board, then the record for our own readers. */
  toReason(): string {
    return `${this.code}: ${this.message}\n${JSON.stringify(this.toJSON())}`;
  }
}

/** Thrown by a task: another attempt cannot help (a card is declined, an address does not exist). */
export class PermanentError extends SwitchyardError {
  override readonly name = 'PermanentError';
  constructor(message: string, options: SwitchyardErrorOptions = {}) {
    super('TASK_FAILED', message, { ...options, retryable: false });
  }
}

/** Thrown by a task: try again, but not before `afterMs` milliseconds. */
export class RetryAfterError extends SwitchyardError {
  override readonly name = 'RetryAfterError';
  constructor(message: string, afterMs: number, options: SwitchyardErrorOptions = {}) {
    super('TASK_FAILED', message, { ...options, retryable: true, retryAfterMs: afterMs });
  }
}

/** Whatever was thrown, as one of ours; an unknown error becomes TASK_FAILED and keeps its message. */
export function toSwitchyardError(thrown: unknown, options: SwitchyardErrorOptions = {}): SwitchyardError {
  if (thrown instanceof SwitchyardError) {
    if (options.step === undefined || thrown.step !== undefined) return thrown;
    return new SwitchyardError(thrown.code, thrown.message, { ...thrown.toJSON(), step: options.step, cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return new SwitchyardError('TASK_FAILED', message, { ...options, cause: thrown });
}

function isErrorRecord(value: unknown): value is ErrorRecord {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value && 'retryable' in value;
}

/** The inverse of {@link SwitchyardError.toReason}; a reason that BullMQ or a foreign worker wrote becomes TASK_FAILED. */
export function errorRecordFromReason(reason: string): ErrorRecord {
  const json = reason.slice(reason.lastIndexOf('\n') + 1);
  try {
    const parsed: unknown = JSON.parse(json);
    if (isErrorRecord(parsed)) return parsed;
  } catch {
    // Not one of our reasons: it is kept as a message below.
  }
  return { code: 'TASK_FAILED', message: clipped(reason, MAX_MESSAGE_LENGTH), retryable: false };
}
