import { describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../../src/errors.js';
import { classifyQuery } from '../../../src/workflows/classify.js';
import { compileRules, type RuleSet, SHIPPED_RULES } from '../../../src/workflows/rules.js';

const shipped = compileRules(SHIPPED_RULES);
const classify = (query: string) => classifyQuery(shipped, query);

const rulesWith = (changes: Partial<RuleSet>): RuleSet => ({ ...SHIPPED_RULES, ...changes });

describe('type', () => {
  it.each([
    ['I want a refund for my subscription', 'customer_service'],
    ['the app crashed with an error', 'technical_support'],
    ['a quote for the upgrade, and a demo', 'sales_inquiry'],
    ['a chart of the metrics and their trend', 'data_analysis'],
    ['who are you?', 'general_query'],
    ['', 'general_query'],
  ])('of "%s" is %s', (query, type) => {
    expect(classify(query).type).toBe(type);
  });

  it('counts every match of every pattern', () => {
    const { scores } = classify('Refund, refund! My payment and my ORDER; the api is slow.');
    expect(scores).toEqual({ customer_service: 4, technical_support: 2, sales_inquiry: 0, data_analysis: 0 });
  });

  it.each([
    ['refund after an error', 'customer_service'],
    ['price of an error', 'technical_support'],
    ['price of a report', 'sales_inquiry'],
  ])('on a tie ("%s") is the one that stands first: %s', (query, type) => {
    expect(classify(query).type).toBe(type);
  });

  it('takes phrases as one match, and goes on behind it', () => {
    expect(classify('contact sales team').scores.sales_inquiry).toBe(1);
    expect(classify('it is not working').scores.technical_support).toBe(1);
  });
});

describe('word starts', () => {
  it.each(['capital', 'explanation', 'preorder', 'my_api', '2api', 'eápi', 'žapi', 'e\u0301api', '日本api', '𝐚api'])(
    'has no match inside "%s"',
    (query) => {
      expect(classify(query).type).toBe('general_query');
    },
  );

  it.each(['refunds', 'crashed', '(api)', 'our-api', 'API!', '…api', '«plan»', '🎉demo'])(
    'matches in "%s"',
    (query) => {
      expect(classify(query).type).not.toBe('general_query');
    },
  );
});

describe('priority', () => {
  it.each([
    ['hello', 'LOW', []],
    ['please help', 'MEDIUM', ['please']],
    ['soon, please', 'HIGH', ['soon', 'please']],
    ['please, quickly: URGENTLY urgent', 'CRITICAL', ['urgent', 'urgent', 'quickly', 'please']],
  ])('of "%s" is %s, all keywords kept', (query, priority, keywords) => {
    expect(classify(query)).toMatchObject({ priority, urgencyKeywords: keywords });
  });

  it('is the highest that matches, in whatever order the rules stand', () => {
    const rules = compileRules(rulesWith({ urgency: [...SHIPPED_RULES.urgency].reverse() }));
    expect(classifyQuery(rules, 'please, this is critical').priority).toBe('CRITICAL');
  });
});

describe('triggers', () => {
  it('are all kept, and the type is classified all the same', () => {
    expect(classify('Terrible! I am angry about my refund, get me a manager')).toMatchObject({
      type: 'customer_service',
      triggers: ['angry', 'manager', 'terrible'],
      ruleSet: 'seed-1',
    });
  });
});

describe('a rule set', () => {
  it('can be replaced', () => {
    const rules = compileRules({
      version: 'müller-2',
      types: [{ type: 'sales_inquiry', patterns: ['Übernahme|größe'] }],
      urgency: [{ priority: 'HIGH', pattern: 'eilt' }],
      triggers: [],
    });
    expect(classifyQuery(rules, 'Die GRÖSSE? Die ÜBERNAHME eilt!')).toEqual({
      type: 'sales_inquiry',
      priority: 'HIGH',
      scores: { customer_service: 0, technical_support: 0, sales_inquiry: 1, data_analysis: 0 },
      urgencyKeywords: ['eilt'],
      triggers: [],
      ruleSet: 'müller-2',
    });
  });

  it.each([
    ['a regular expression', rulesWith({ triggers: ['(a+)+$'] }), 'triggers.0'],
    ['an empty phrase', rulesWith({ triggers: ['angry||worst'] }), 'triggers.0'],
    ['a phrase that no word start can precede', rulesWith({ triggers: [' angry'] }), 'triggers.0'],
    ['no version', rulesWith({ version: '' }), 'version'],
    ['a type twice', rulesWith({ types: [...SHIPPED_RULES.types, ...SHIPPED_RULES.types] }), 'types'],
    ['a type without patterns', rulesWith({ types: [{ type: 'sales_inquiry', patterns: [] }] }), 'types.0.patterns'],
    ['a pattern without measure', rulesWith({ triggers: ['a'.repeat(1_001)] }), 'triggers.0'],
  ])('with %s is refused, with its path', (_what, rules, path) => {
    const compiling = () => compileRules(rules);
    expect(compiling).toThrow(SwitchyardError);
    expect(compiling).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }));
    expect(compiling).toThrow(path);
  });
});
