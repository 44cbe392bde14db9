import { describe, expect, it } from 'vitest';
import { NO_CHOICES, optionsOf } from '../../../src/ui/start/start-choices.js';

describe('what is said of a run beside its input', () => {
  it('is left out where nothing was typed', () => {
    expect(optionsOf({ ...NO_CHOICES, key: '  ', tags: ' ' })).toEqual({});
  });

  it('is sent as the API takes it', () => {
    expect(
      optionsOf({
        ...{ key: ' order-42 ', priority: 'HIGH', tags: 'customer=42, region = eu,' },
        ...{ delay: { amount: '1.5', unit: 'm' }, deadline: { amount: '2', unit: 'h' } },
      }),
    ).toEqual({
      ...{ key: 'order-42', priority: 'HIGH', tags: { customer: '42', region: 'eu' } },
      ...{ delayMs: 90_000, deadline: '2h' },
    });
  });

  it.each([
    [{ tags: 'customer' }, 'Tags: “customer” is not name=value.'],
    [{ delay: { amount: 'soon', unit: 'm' } }, 'Begin after: “soon” is not a number.'],
    [{ deadline: { amount: '-1', unit: 's' } }, 'Stop after: “-1” is not a number.'],
  ] as const)('%j is refused by the name of its field', (said, message) => {
    expect(() => optionsOf({ ...NO_CHOICES, ...said })).toThrow(message);
  });
});
