/** Every point at which the matrix strikes, with the kind of run that passes it. */
import { undoStage } from '../../src/orchestrators/move.js';
import { order } from '../../src/workflows/order.js';
import { support } from '../../src/workflows/support.js';
import type { Strike } from '../support/crash-order.js';

/**
 * `order` completes; `refused` is undone, since its last step is refused for good; `support` is answered and escalated;
 * `narrow` is a list whose branches come with its root, `wide` one whose root appends them.
 */
export type RunKind = 'order' | 'refused' | 'support' | 'narrow' | 'wide';

export interface Site extends Pick<Strike, 'point' | 'stage'> {
  readonly kind: RunKind;
  /** Passed again by whoever takes the run up, so that it can be struck a second time. */
  readonly again: boolean;
}

/** After these an attempt does not come by again: what they follow is recorded, and found by the next. */
const ONCE: ReadonlySet<Strike['point']> = new Set([
  'after-finish',
  'after-done',
  'after-failure',
  'after-decision',
  'after-end',
]);

function sites(kind: RunKind, stage: string, ...points: readonly Strike['point'][]): readonly Site[] {
  return points.map((point) => ({ kind, point, stage, again: !ONCE.has(point) }));
}

const STEPS = order.steps.map((step) => step.name);
const UNDOS = STEPS.map(undoStage).reverse();
const INTENT = ['before-intent', 'after-intent'] as const;
const EFFECT = ['after-effect', 'before-finish', 'after-finish'] as const;
const APPEND = ['before-append', 'after-append'] as const;
const END = ['before-end', 'after-end'] as const;

/** Critical, so that it is escalated once it is answered. */
export const QUERY = 'urgent: a question about the billing of my account';
export const ROUTE = String(support.pattern === 'router' && support.classify({ query: QUERY }).route);

/** The script that ends a step records the next one's intent; the first of a row begins by itself. */
export const SITES: readonly Site[] = [
  ...sites('order', STEPS[0] ?? '', ...INTENT),
  ...STEPS.flatMap((step) => sites('order', step, ...EFFECT)),
  ...sites('order', '', ...END),
  ...sites('refused', STEPS.at(-1) ?? '', 'before-failure', 'after-failure'),
  ...sites('refused', UNDOS[0] ?? '', ...APPEND),
  ...sites('refused', UNDOS[0] ?? '', ...INTENT),
  ...UNDOS.flatMap((undo) => sites('refused', undo, ...EFFECT)),
  ...sites('refused', '', ...END),
  ...sites('wide', 'item.0', ...APPEND),
  ...sites('narrow', 'item.1', 'after-effect'),
  ...sites('narrow', '', 'aggregate', ...END),
  ...sites('support', '', 'before-decision', 'after-decision', 'after-effect', ...END),
  ...sites('support', ROUTE, ...APPEND),
  ...sites('support', 'escalation', ...APPEND),
];

/** Where a step or an undo is recorded, what comes next appended, its job completed, and the next one's intent recorded, one by one. */
export const PLAIN_SITES: readonly Site[] = [
  ...STEPS.slice(1).flatMap((step) => sites('order', step, ...INTENT)),
  ...UNDOS.slice(1).flatMap((undo) => sites('refused', undo, ...INTENT)),
  ...STEPS.flatMap((step) => sites('order', step, 'after-done')),
  ...STEPS.slice(1).flatMap((step) => sites('order', step, ...APPEND)),
  ...UNDOS.flatMap((undo) => sites('refused', undo, 'after-done')),
  ...UNDOS.slice(1).flatMap((undo) => sites('refused', undo, ...APPEND)),
];

export function siteName({ kind, point, stage }: Pick<Site, 'kind' | 'point' | 'stage'>): string {
  return `${kind} ${point}${stage === '' ? '' : ` ${stage}`}`;
}
