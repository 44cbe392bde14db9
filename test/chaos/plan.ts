/** What a seed makes of a number of runs: their inputs, their strikes, and how each must end. The same seed, the same plan. */

import type { RunStatus } from '../../src/facts.js';
import { newRunId } from '../../src/names.js';
import type { StartOptions } from '../../src/queues/unstarted-run.js';
import type { Strike, StrikePlan } from '../support/crash-order.js';
import { QUERY, type RunKind, SITES, type Site, siteName } from './points.js';

export const SKU = 'sku-5012';

export interface PlannedRun {
  /** The run's key; its id follows from it. */
  readonly key: string;
  readonly id: string;
  readonly kind: RunKind;
  readonly workflow: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: StartOptions;
  readonly ends: readonly RunStatus[];
  readonly strikes: readonly Strike[];
  /** Where it is struck, for tables. */
  readonly site?: string;
  /** Submitted a second time once it has ended: with the same input, or with another. */
  readonly again?: 'same' | 'other';
  readonly amountMinor: number;
  readonly pieces: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly runs: number;
  /** Share of runs that are struck, each site in turn; 1 strikes every run. */
  readonly struck: number;
  readonly freezes: number;
  readonly sites?: readonly Site[];
  /** Share of the struck runs that are struck twice at the same point. */
  readonly twice?: number;
}

/** Mulberry32: small, fast, and the same everywhere. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}

const FREEZABLE: RunKind = 'order';
const UNSTRUCK: readonly RunKind[] = ['order', 'refused', 'support', 'narrow'];

export function planRuns(options: PlanOptions): readonly PlannedRun[] {
  const { seed, runs, freezes, sites = SITES, twice = 0.12 } = options;
  const random = randomOf(seed);
  const struck = Math.round(runs * options.struck);
  const targets: Site[] = [];
  while (targets.length < struck) targets.push(...shuffled(sites, random));
  const isFreezable = (site: Site) => site.kind === FREEZABLE && site.point === 'after-effect';
  const freezable = (sites.some(isFreezable) ? sites : SITES).filter(isFreezable);
  const planned = Array.from({ length: runs }, (_, nth) => {
    if (nth < struck) {
      const site = targets[nth];
      const times = site?.again && random() < twice ? 2 : 1;
      return run(seed, nth, random, site, 'kill', times);
    }
    const frozen = nth < struck + freezes ? freezable[nth % freezable.length] : undefined;
    return run(seed, nth, random, frozen, 'freeze', 1);
  });
  return shuffled(planned, random);
}

function run(
  seed: number,
  nth: number,
  random: () => number,
  site: Site | undefined,
  how: Strike['how'],
  times: number,
): PlannedRun {
  const kind = site?.kind ?? UNSTRUCK[nth % UNSTRUCK.length] ?? 'order';
  const key = `${seed}-${nth}`;
  const amountMinor = 1_000 + Math.floor(random() * 9_000);
  const pieces = 1 + Math.floor(random() * 3);
  const strike = site && { point: site.point, stage: site.stage, how };
  const luck = random();
  return {
    key,
    kind,
    ...workOf(kind, key, amountMinor, pieces),
    id: newRunId(WORKFLOWS[kind], key, 0),
    options: { key },
    strikes: strike ? Array.from({ length: times }, () => strike) : [],
    ...(site && how === 'kill' && { site: siteName(site) }),
    ...(luck < 0.1 ? { again: 'same' as const } : luck < 0.15 && { again: 'other' as const }),
    amountMinor,
    pieces,
  };
}

const WORKFLOWS: Readonly<Record<RunKind, string>> = {
  order: 'order',
  refused: 'order',
  support: 'support',
  narrow: 'crash-list',
  wide: 'crash-list',
};

/** One more than what is appended with the root. */
const WIDE = 101;

/** The word in a street at which the shop's label printer refuses for good. */
export const REFUSED = 'Refused Street';

function workOf(
  kind: RunKind,
  key: string,
  amountMinor: number,
  pieces: number,
): Pick<PlannedRun, 'workflow' | 'input' | 'ends'> {
  const workflow = WORKFLOWS[kind];
  switch (kind) {
    case 'order':
    case 'refused':
      return {
        workflow,
        input: {
          customer: { name: `Customer ${key}`, email: 'customer@example.com', id: `cus ${key}` },
          items: [{ sku: SKU, quantity: pieces }],
          amountMinor,
          address: {
            street: kind === 'refused' ? `${REFUSED} 1` : 'Main Street 1',
            city: 'Utrecht',
            postalCode: '3511',
            country: 'NL',
          },
        },
        ends: [kind === 'refused' ? 'compensated' : 'completed'],
      };
    case 'support':
      return { workflow, input: { query: QUERY }, ends: ['completed'] };
    case 'narrow':
    case 'wide':
      return { workflow, input: { name: key, count: kind === 'wide' ? WIDE : 4 }, ends: ['completed'] };
  }
}

/** The same submission with another input. */
export function otherInput({ kind, input }: PlannedRun): Readonly<Record<string, unknown>> {
  if (kind === 'support') return { query: 'another question' };
  return 'count' in input ? { ...input, count: 5 } : { ...input, amountMinor: 1 };
}

export function strikePlan(runs: readonly PlannedRun[]): StrikePlan {
  return Object.fromEntries(runs.filter(({ strikes }) => strikes.length > 0).map(({ id, strikes }) => [id, strikes]));
}
