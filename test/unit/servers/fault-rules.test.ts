import { describe, expect, it } from 'vitest';
import { parseFaultRules } from '../../../src/servers/fault-rules.js';

const parse = (rules: unknown) => parseFaultRules(JSON.stringify(rules), 'faults.json');

describe('a fault file', () => {
  it('is a list of rules, each with its defaults', () => {
    expect(parse([{ tool: 'charge_payment', fail: 2 }])).toEqual([
      { tool: 'charge_payment', fail: 2, retryable: true, when: 'before' },
    ]);
    expect(parse([])).toEqual([]);
  });

  it.each([
    ['no list', { tool: 'a' }, 'the file: '],
    ['a rule without a tool', [{ fail: 1 }], '0.tool: '],
    [
      'a count of zero',
      [
        { tool: 'a', fail: 1 },
        { tool: 'a', fail: 0 },
      ],
      '1.fail: ',
    ],
    ['an unknown moment', [{ tool: 'a', fail: 1, when: 'during' }], '0.when: '],
    ['an unknown field', [{ tool: 'a', fial: 1 }], '"fial"'],
    ['a rule that orders nothing', [{ tool: 'a', message: 'x' }], '0: orders nothing'],
    ['two ways to end at once', [{ tool: 'a', hang: true, dieAfterEffect: true }], '0: give hang or dieAfterEffect'],
  ])('with %s is refused with its name and the path', (_what, rules, problem) => {
    const message = expect.stringMatching(new RegExp(`^faults.json is no list of fault rules.*${problem}`));
    expect(() => parse(rules)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG', message }));
  });

  it('that is not JSON is refused with what was expected', () => {
    expect(() => parseFaultRules('[{', 'faults.json')).toThrow(
      /faults.json is not JSON .* a list of fault rules was expected/,
    );
  });
});
