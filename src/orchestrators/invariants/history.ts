/**
 * What is known of a stretch of work once it is over, as plain data from several witnesses: the client's own journal, the
 * runs' records, and books that Switchyard does not keep. The checker compares them; it asks nobody.
 *
 * A witness that is absent is not checked, and counts for nothing: {@link Verdict} says how much was looked at.
 */
import type { Facts, RunStatus } from '../../facts.js';
import type { WorkflowDefinition } from '../definition.js';

export const INVARIANTS = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I10'] as const;
export type Invariant = (typeof INVARIANTS)[number];

/** What each promises, for tables and reports. */
export const MEANINGS: Readonly<Record<Invariant, string>> = {
  I1: 'every accepted run ends, as it was ordered to, and leaves no job behind',
  I2: 'money: completed is one charge and no refund; undone is as many refunds as charges',
  I3: 'stock: what is gone is what completed orders took',
  I4: 'an intent before each end; undos are the exact reverse of the steps that may have happened',
  I5: 'a fan-out has one outcome for each planned branch',
  I6: 'the same key is one run and one row of a ledger; with other arguments it is refused',
  I7: 'a late attempt records nothing once a newer one has begun',
  I8: 'a run ends once, and everybody is told the same end',
  I9: 'no process, socket or handle is left over',
  I10: 'the same query is routed in the same way by the same version',
};

/** One line of the client's journal: what it sent, and what it was told. */
export interface Submission {
  readonly workflow: string;
  readonly key?: string;
  /** The input as one text; the same text is the same input. */
  readonly input: string;
  /** When it was answered, ms. */
  readonly at: number;
  readonly answer:
    | { readonly kind: 'accepted'; readonly run: string; readonly duplicate: boolean }
    | { readonly kind: 'refused'; readonly code: string };
  /** How the run must end, where its client knows: a crash changes no run's end. */
  readonly ends?: readonly RunStatus[];
}

/** A job of a run that has not ended. */
export interface OpenJob {
  readonly run: string;
  readonly job: string;
  readonly state: string;
}

/** One telling of how a run stands. */
export interface Telling {
  readonly run: string;
  readonly status: RunStatus;
}

/** A movement of money in the books of the service that moved it. */
export interface Movement {
  readonly run: string;
  readonly kind: 'charge' | 'refund';
  readonly amountMinor: number;
}

export interface Money {
  /** Workflows that charge, each with what a run of it is to be charged: minor units by run. */
  readonly due: ReadonlyMap<string, number>;
  readonly movements: readonly Movement[];
}

export interface Stock {
  readonly item: string;
  readonly before: number;
  readonly after: number;
  /** Pieces that each run asked for. */
  readonly ordered: ReadonlyMap<string, number>;
}

/** One effect in the books of the service that had it, under the key that it was given. */
export interface LedgerRow {
  /** Which books; `seq` orders rows within one. */
  readonly books: string;
  readonly seq: number;
  readonly key: string;
}

/** What a service answered to a key that it knows already. */
export interface Replay {
  readonly key: string;
  readonly arguments: 'same' | 'other';
  readonly refused: boolean;
}

/** Attempts and what they wrote, by one clock that all processes share. */
export interface BegunAttempt {
  readonly run: string;
  readonly stage: string;
  readonly attempt: number;
  readonly begunAt: number;
}

export interface AttemptWrite {
  readonly run: string;
  readonly stage: string;
  readonly attempt: number;
  readonly what: string;
  /** Just before it was sent. */
  readonly sentAt: number;
  readonly accepted: boolean;
}

/** Something counted before and after. */
export interface Remains {
  readonly what: string;
  readonly before: number;
  readonly after: number;
  /** How many more may be left; 0 by default. */
  readonly tolerance?: number;
}

export interface History {
  readonly submissions: readonly Submission[];
  /** By run; a run without a record is absent. */
  readonly runs: ReadonlyMap<string, Facts>;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
  /** How far the clocks of workers may be apart, ms. Default 1,000, beyond which a worker pauses. */
  readonly skewMs?: number;
  /** The longest that a run may take from its acceptance to its end, ms. */
  readonly withinMs?: number;
  readonly openJobs?: readonly OpenJob[];
  /** What clients were told by waiting, or by asking again. */
  readonly tellings?: readonly Telling[];
  /** Entries of the stream of settled runs, of which an end writes one. */
  readonly endings?: readonly Telling[];
  readonly money?: Money;
  readonly stock?: readonly Stock[];
  readonly ledger?: readonly LedgerRow[];
  readonly replays?: readonly Replay[];
  readonly attempts?: readonly BegunAttempt[];
  readonly writes?: readonly AttemptWrite[];
  readonly remains?: readonly Remains[];
  /** How many outcomes the output of a fan-out holds; undefined where that cannot be told. */
  readonly outcomesIn?: (workflow: string, output: unknown) => number | undefined;
  /** Undos that a person has skipped or abandoned, by run: those are not due any more. */
  readonly setAside?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Redis may have lost what it knew last, by power or a failover: an end that came after may then lack its intent. */
  readonly mayHaveForgotten?: boolean;
}
