/** What the soak submits: the three shipped workflows in turn, one order in ten refused. */
import { newRunId } from '../../src/names.js';
import { REFUSED, SKU } from './plan.js';
import { QUERY } from './points.js';

export interface SoakRun {
  readonly id: string;
  readonly key: string;
  readonly workflow: 'order' | 'support' | 'parallel';
  readonly input: Readonly<Record<string, unknown>>;
  readonly ends: readonly ('completed' | 'compensated' | 'partial')[];
  readonly amountMinor: number;
  readonly pieces: number;
}

export function soakRun(nth: number): SoakRun {
  const key = `soak-${nth}`;
  const workflow = (['order', 'support', 'parallel'] as const)[nth % 3] ?? 'order';
  const refused = nth % 30 === 0;
  const [amountMinor, pieces] = [1_000 + (nth % 500), 1 + (nth % 3)];
  const run = { id: newRunId(workflow, key, 0), key, workflow, amountMinor, pieces };
  switch (workflow) {
    case 'order':
      return {
        ...run,
        input: {
          customer: { name: `Customer ${nth}`, email: 'customer@example.com', id: key },
          items: [{ sku: SKU, quantity: pieces }],
          amountMinor,
          address: {
            street: refused ? `${REFUSED} ${nth}` : 'Main Street 1',
            city: 'Utrecht',
            postalCode: '3511',
            country: 'NL',
          },
        },
        ends: [refused ? 'compensated' : 'completed'],
      };
    // A tool that does not answer in time, as under a fault, makes these partial: they say so, and nothing is lost.
    case 'support':
      return { ...run, input: { query: QUERY }, ends: ['completed', 'partial'] };
    case 'parallel':
      return { ...run, input: { query: 'weather in Tokyo and the orders report' }, ends: ['completed', 'partial'] };
  }
}
