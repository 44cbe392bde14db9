import { describe, expect, it } from 'vitest';
import { type CountingRules, countEffects } from '../../../src/cli/crash-test/count-effects.js';
import type { RecordedCall } from '../../../src/cli/crash-test/record.js';

const rules = (tool: object = {}, more: Partial<CountingRules> = {}): CountingRules => ({
  tools: new Map([['shop.send', { name: 'send', ...tool }]]),
  reads: new Set(),
  ignore: new Set(),
  ...more,
});

let calls = 0;
function call(args: Record<string, unknown>, answer: unknown, more: Partial<RecordedCall> = {}): RecordedCall {
  calls += 1;
  const id = String(calls);
  const result = { content: [{ type: 'text', text: JSON.stringify(answer) }] };
  return {
    ...{ kind: 'call', id, server: 'shop', tool: 'send', args },
    answer: { kind: 'answer', id, ms: 1, delivered: true, result },
    ...more,
  };
}

const keyed = { key: 'run/step/1' };
const withKey = { to: 'ada', requestId: 'run/step/1' };

describe('the same call twice', () => {
  it('with a key that the tool takes, and the same answer, is one effect', () => {
    const twice = [call(withKey, { id: 1 }, keyed), call(withKey, { id: 1 }, keyed)];
    expect(countEffects(twice, rules())).toMatchObject({ effects: 1, certain: true });
  });

  it('with a key, and another answer each time, is two', () => {
    const twice = [call(withKey, { id: 1 }, keyed), call(withKey, { id: 2 }, keyed)];
    expect(countEffects(twice, rules())).toMatchObject({ effects: 2, certain: true });
  });

  it('with a key that the tool does not list is two, whatever it answers', () => {
    const twice = [call(withKey, 'sent', keyed), call(withKey, 'sent', keyed)];
    const listing = rules({ inputSchema: { properties: { to: {} } } });
    expect(countEffects(twice, listing)).toMatchObject({ effects: 2, certain: true });
  });

  it('without a key and with the same answer is one that is not certain', () => {
    const twice = [call({ to: 'ada' }, 'sent'), call({ to: 'ada' }, 'sent')];
    expect(countEffects(twice, rules())).toMatchObject({ effects: 1, certain: false });
  });

  it.each([
    [true, 1],
    [false, 2],
  ])('without a key counts as the tool says: idempotentHint %s is %i', (idempotentHint, effects) => {
    const twice = [call({ to: 'ada' }, 'sent'), call({ to: 'ada' }, 'sent')];
    expect(countEffects(twice, rules({ annotations: { idempotentHint } }))).toMatchObject({ effects, certain: true });
  });

  it('differs not by members that are to be ignored, at any depth', () => {
    const twice = [call(withKey, { at: 1, in: [{ at: 2 }] }, keyed), call(withKey, { at: 3, in: [{ at: 4 }] }, keyed)];
    expect(countEffects(twice, rules())).toMatchObject({ effects: 2 });
    expect(countEffects(twice, rules({}, { ignore: new Set(['at']) }))).toMatchObject({ effects: 1 });
  });
});

describe('no effect', () => {
  it('has a tool that only reads, by its own word or by the file', () => {
    const twice = [call({}, 1), call({}, 2)];
    expect(countEffects(twice, rules({ annotations: { readOnlyHint: true } })).effects).toBe(0);
    expect(countEffects(twice, rules({}, { reads: new Set(['shop.send']) })).effects).toBe(0);
  });

  it.each([
    ['isError', { result: { isError: true, content: [{ type: 'text', text: 'no' }] } }],
    ['{ error }', { result: { content: [{ type: 'text', text: '{"error":"no"}' }] } }],
    ['a JSON-RPC error', { error: { code: -32602, message: 'no' } }],
  ])('has a call that was refused by %s, or never answered', (_how, said) => {
    const refused = call({}, 1, { answer: { kind: 'answer', id: 'x', ms: 1, delivered: true, ...said } });
    const { answer: _none, ...unanswered } = call({}, 1);
    expect(countEffects([refused, unanswered], rules()).effects).toBe(0);
  });
});

it('calls with other arguments are effects of their own', () => {
  expect(countEffects([call({ id: 'a' }, 'sent'), call({ id: 'b' }, 'sent')], rules()).effects).toBe(2);
});
