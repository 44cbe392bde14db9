/** Part of a stage's configuration: a router as the README has it, names as long as they may be, a secret, and a quorum. */
export const LONG = 'synchroniseCustomerInventoryReservationsAcrossAllRegionsAndShops';

export const LIST_WORKFLOWS = `
const Query = z.object({ text: z.string() });
const Answer = z.object({ answer: z.string() });
const billing = api.defineTask({
  name: 'billing', queue: 'billing', input: Query, output: Answer, idempotent: true, attempts: 1,
  run: ({ text }) => {
    if (/broken/.test(text)) throw new api.PermanentError('the ledger is closed');
    return { answer: 'refunded' };
  },
});
const person = api.defineTask({
  name: 'person', queue: 'escalation', input: z.object({ reason: z.string() }), output: Answer, idempotent: true,
  run: ({ reason }) => ({ answer: reason }),
});
const desk = api.defineRouter({
  name: 'desk',
  input: Query,
  classify: ({ text }) => ({
    route: 'billing',
    priority: /urgent/i.test(text) ? 'CRITICAL' : 'LOW',
    evidence: { length: text.length, rationale: 'the customer asks for money back', model: { name: 'm-1', seen: [1, 2] } },
  }),
  routes: { billing: { run: billing, with: (query) => query } },
  sla: { CRITICAL: '1h' },
  escalation: { to: person, when: () => false, with: ({ reason }) => ({ reason }) },
  returns: ({ result }) => ({ result }),
});

const any = z.object({});
const quick = api.defineTask({ name: 'quick', queue: 'quick', input: z.any(), output: z.any(), idempotent: true, run: (input) => input });
const long = api.defineSaga({ name: '${LONG}', input: any })
  .step('reserveInventoryForTheCustomersOrderInTheNearestWarehouseThatHas', quick, { with: () => ({}), undo: [quick, () => ({})] })
  .returns(() => ({}));
const secret = api.defineFanOut({
  name: 'secret',
  input: z.object({ password: z.string(), patient: z.string() }),
  branches: { echo: { run: quick, with: (input) => input } },
  aggregate: () => ({}),
});
const held = api.defineTask({
  name: 'held', queue: 'held', input: any, output: any, idempotent: true, attempts: 1,
  run: (_input, { signal }) => new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason))),
});
const quorum = api.defineFanOut({
  name: 'quorum',
  input: any,
  onFailure: { quorum: 2 },
  branches: { a: { run: quick, with: () => ({}) }, b: { run: quick, with: () => ({}) }, c: { run: held, with: () => ({}) } },
  aggregate: () => ({}),
});
const packed = api.defineSaga({ name: 'packed', input: any })
  .step('payment', quick, { with: () => ({}), undo: [quick, () => ({})] })
  .step('packing', held, { with: () => ({}) })
  .returns(() => ({}));
const extraWorkflows = [desk, long, secret, quorum, packed];
`;
