/** Part of the stage's configuration, as a team would write it: what the shipped workflows never do. */
export const EXTRA_WORKFLOWS = `
const one = api.defineTask({
  name: 'one',
  queue: 'items',
  input: z.object({ n: z.int() }),
  output: z.object({ n: z.int() }),
  idempotent: true,
  attempts: 1,
  run: ({ n }) => {
    if (n % 1000 === 999) throw new api.PermanentError('item ' + n + ' is not in the catalogue');
    return { n };
  },
});
const batch = api.defineFanOut({
  name: 'batch',
  input: z.strictObject({ items: z.int().min(1).max(10000) }),
  each: one,
  split: ({ items }) => Array.from({ length: items }, (_none, n) => ({ n })),
  aggregate: (results) => ({ completed: results.filter(({ state }) => state === 'completed').length }),
});

const money = z.object({ amountMinor: z.int() });
const reserve = api.defineTask({ name: 'reserve', queue: 'bank', input: money, output: money, idempotent: true, run: (i) => i });
const release = api.defineTask({ name: 'release', queue: 'bank', input: money, output: money, idempotent: true, run: (i) => i });
// Neither keyed nor idempotent, and its answer never comes: nobody can tell whether the money moved.
const transfer = api.defineTask({
  name: 'transfer', queue: 'bank', input: money, output: money, timeout: '300ms', run: () => new Promise(() => {}),
});
const payout = api.defineSaga({
  name: 'payout',
  input: z.strictObject({
    amountMinor: z.int().min(1).meta({ title: 'Amount', description: 'In cents: 1999 is 19.99 EUR.' }),
    currency: z.enum(['EUR', 'GBP', 'USD']).default('EUR'),
    express: z.boolean().optional(),
    notes: z.array(z.string().min(1)).max(3).optional(),
    extra: z.record(z.string(), z.unknown()).optional(),
  }),
})
  .step('reserve_funds', reserve, { with: ({ input }) => input, undo: [release, ({ input }) => input] })
  .step('four_eyes', api.approval({ name: 'four_eyes' }), {
    with: ({ input }) => ({ question: 'Pay out ' + (input.amountMinor / 100).toFixed(2) + ' EUR?' }),
  })
  .step('transfer', transfer, { with: ({ input }) => input })
  .returns((done) => ({ paid: done.transfer !== undefined }));

const delivery = api.defineSaga({ name: 'delivery', input: z.strictObject({ parcel: z.string().min(1) }) })
  .step('picked_up', api.signal({ name: 'picked_up', output: z.object({ at: z.string() }) }), { with: () => ({}) })
  .returns((done) => ({ at: done.picked_up.at }));
const errands = api.defineFanOut({
  name: 'errands',
  input: z.strictObject({ parcel: z.string().min(1) }),
  branches: { parcel: { run: api.workflowTask(delivery), with: (input) => input } },
  aggregate: ({ parcel }) => ({ parcel: parcel.state }),
});

const extraWorkflows = [batch, payout, delivery, errands];
`;
