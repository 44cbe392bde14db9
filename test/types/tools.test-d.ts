/** What `switchyard tools pull` wrote of the shipped servers: a wrong argument does not compile. */
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineSaga } from '../../src/orchestrators/saga.js';
import type { TaskInput, TaskOutput } from '../../src/task.js';
import { tools } from './pulled-tools.js';

describe('a pulled tool', () => {
  const weather = tools.weather.get_current_weather({ timeout: '5s' });
  const charge = tools.commerce.charge_payment({ key: 'idempotencyKey', attempts: 3 });
  const refund = tools.commerce.refund_payment({ key: 'idempotencyKey' });

  it('knows its arguments and its answer', () => {
    expectTypeOf<TaskInput<typeof weather>>().toEqualTypeOf<{
      city: string;
      units?: 'celsius' | 'fahrenheit' | undefined;
    }>();
    expectTypeOf<TaskOutput<typeof weather>['temp']>().toEqualTypeOf<number>();
    expectTypeOf<TaskOutput<typeof weather>['source']>().toEqualTypeOf<'open-meteo' | 'sample'>();
  });

  it('takes the argument of its key out of what is sent, and takes none for it that the tool does not have', () => {
    expectTypeOf<TaskInput<typeof charge>>().not.toHaveProperty('idempotencyKey');
    expectTypeOf<TaskInput<typeof charge>['amountMinor']>().toEqualTypeOf<number>();
    // @ts-expect-error the tool has no such argument
    tools.commerce.charge_payment({ key: 'idempotency_key' });
  });

  it('compiles in a saga with its arguments, and with no others', () => {
    const saga = defineSaga({ name: 'pay', input: z.object({ order: z.string(), cents: z.int() }) });
    const undo = [
      refund,
      ({ key }: { key: string }) => ({ paymentKey: key, amountMinor: 1, currency: 'EUR' }),
    ] as const;
    saga.step('charge', charge, {
      with: ({ input }) => ({ orderId: input.order, customer: 'c', amountMinor: input.cents, currency: 'EUR' }),
      undo,
    });
    saga.step('charge', charge, {
      // @ts-expect-error an amount is a number
      with: ({ input }) => ({ orderId: input.order, customer: 'c', amountMinor: input.order, currency: 'EUR' }),
    });
    saga.step('charge', charge, {
      // @ts-expect-error the customer is missing
      with: ({ input }) => ({ orderId: input.order, amountMinor: input.cents, currency: 'EUR' }),
    });
    // @ts-expect-error there is no such tool
    tools.commerce.charge_paiment();
  });
});
