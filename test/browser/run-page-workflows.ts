/** Part of the stage's configuration: runs that wait, break and go on at the moments at which a page shows something wrong. */
export const RUN_PAGE_WORKFLOWS = `
const sleep = (ms, signal) => new Promise((done, fail) => {
  const timer = setTimeout(done, ms);
  signal?.addEventListener('abort', () => { clearTimeout(timer); fail(signal.reason); });
});
const N = z.object({ n: z.int() });
const items = (name, ms) => {
  const item = api.defineTask({
    name: name + '_item', queue: name + 'q', input: N, output: N, idempotent: true, attempts: 1,
    run: async ({ n }, { signal }) => { await sleep(ms, signal); return { n }; },
  });
  return api.defineFanOut({
    name, input: z.strictObject({ items: z.int() }), each: item,
    split: ({ items }) => Array.from({ length: items }, (_none, n) => ({ n })), aggregate: (all) => ({ all: all.length }),
  });
};
const Nothing = z.object({}).loose();
const step = (name, run) => api.defineTask({
  name, queue: 'bank', input: Nothing, output: Nothing, idempotent: true, attempts: 1, run,
});
const ok = step('ok', () => ({}));
const bad = step('bad', () => { throw new api.PermanentError('the carrier is closed'); });
const noRefund = step('no_refund', () => { throw new api.PermanentError('the refund is refused'); });
const burn = step('burn', async (_input, { signal }) => { await sleep(5_000, signal); return {}; });
const two = api.defineSaga({ name: 'two', input: z.object({}) })
  .step('payment', ok, { with: () => ({ amountMinor: 5980, currency: 'EUR' }), undo: [noRefund, () => ({ amountMinor: 5980, currency: 'EUR' })] })
  .step('newsletter', ok, { with: () => ({}), undo: [noRefund, () => ({ list: 'spring' })] })
  .step('log_book', ok, { with: () => ({}) })
  .step('ship', bad, { with: () => ({}) })
  .returns(() => ({}));
const launch = api.defineSaga({ name: 'launch', input: z.object({}) })
  .step('fuel', ok, { with: () => ({}), undo: [ok, () => ({})] })
  .step('permission', api.approval({ name: 'permission', deadline: '2h' }), {
    with: () => ({ question: 'Launch now?', details: { wind: '4 m/s', crew: 3 } }),
  })
  .step('ignition', burn, { with: () => ({}), pivot: true })
  .returns(() => ({}));
const extraWorkflows = [items('some', 500), items('slow', 900), two, launch];
`;
