import { describe, expect, it } from 'vitest';
import { PRIORITIES } from '../../../src/config.js';
import { SwitchyardError } from '../../../src/errors.js';
import { defineSupport, SHIPPED_RULES, support } from '../../../src/workflows/index.js';
import { rehearse, type ScriptedTools } from './rehearse.js';
import { isUnavailable, refuses, scriptedTools, timesOut } from './scripted-tools.js';

const ask = (query: string, tools: ScriptedTools = scriptedTools(), customerId?: string) =>
  rehearse(support, { query, ...(customerId && { customerId }) }, tools);

describe('support: the five routes', () => {
  it('customer service looks the customer up and knows the tier', async () => {
    const { status, output, calls } = await ask('a refund for customer CUST-1001');

    expect(status).toBe('completed');
    expect(output).toMatchObject({
      success: true,
      workflowType: 'customer_service',
      priority: 'LOW',
      routingPath: ['classifier', 'customer_service', 'priority_processor'],
      decision: { type: 'customer_service', ruleSet: 'seed-1' },
    });
    expect(output.primaryResult).toEqual({
      type: 'customer_service',
      action: 'Account inquiry processed',
      customerTier: 'premium',
      recommendations: [
        'Verify account information',
        'Check recent transaction history',
        'Provide relevant documentation',
      ],
    });
    expect(output).not.toHaveProperty('escalation');
    expect(calls).toMatchObject([{ capability: 'database.query', args: { table: 'customers' } }]);
  });

  it('technical support finds the logs and judges the severity', async () => {
    const { output, calls } = await ask('the app crashed on connection');

    expect(output).toMatchObject({
      workflowType: 'technical_support',
      routingPath: ['classifier', 'technical_support', 'priority_processor'],
    });
    expect(output.primaryResult).toEqual({
      type: 'technical_support',
      action: 'Technical analysis completed',
      severity: 'high',
      nextSteps: ['Check system logs', 'Verify configuration settings', 'Test connectivity'],
      logFiles: ['found/*.log'],
    });
    expect(calls).toMatchObject([
      { capability: 'files.search_files', args: { pattern: '*.log', search_type: 'name' } },
    ]);
  });

  it.each([
    ['urgent: the loading is slow', 'critical'],
    ['an error while loading', 'high'],
    ['slow loading, in terror', 'medium'],
  ])('severity of "%s" is %s', async (query, severity) => {
    expect((await ask(query)).output.primaryResult).toMatchObject({ severity });
  });

  it('sales finds the products and judges the lead', async () => {
    const { output, calls } = await ask('what is the price of the upgrade plan');

    expect(output).toMatchObject({
      workflowType: 'sales_inquiry',
      routingPath: ['classifier', 'sales', 'priority_processor'],
    });
    expect(output.primaryResult).toEqual({
      type: 'sales_inquiry',
      action: 'Sales information provided',
      leadQuality: 'warm',
      recommendations: ['Provide product comparison', 'Schedule demo if interested', 'Send pricing information'],
      products: [{ id: 'prod-1', name: 'Switch', price_minor: 4900 }],
    });
    expect(calls).toMatchObject([{ capability: 'database.query', args: { table: 'products' } }]);
  });

  it.each([
    ['price of a trial', 'hot'],
    ['a plan that I can buy', 'hot'],
    ['a quote for the plan', 'warm'],
    ['features of the plan', 'cold'],
  ])('lead of "%s" is %s', async (query, leadQuality) => {
    expect((await ask(query)).output.primaryResult).toMatchObject({ leadQuality });
  });

  it('data analysis computes from the rows returned', async () => {
    const { output } = await ask('show the revenue metrics on a chart');

    expect(output).toMatchObject({ routingPath: ['classifier', 'data_analysis', 'priority_processor'] });
    expect(output.primaryResult).toEqual({
      type: 'data_analysis',
      action: 'Data analysis completed',
      insights: ['2 rows match', 'revenue: up 50%, from 100 in 2025-01 to 150 in 2025-02'],
      chart: {
        mark: 'line',
        data: {
          values: [
            { period: '2025-01', metric: 'revenue', value: 100 },
            { period: '2025-02', metric: 'revenue', value: 150 },
          ],
        },
        encoding: {
          x: { field: 'period', type: 'temporal' },
          y: { field: 'value', type: 'quantitative' },
          color: { field: 'metric', type: 'nominal' },
        },
      },
    });
  });

  it('anything else gets a general answer without a tool', async () => {
    const { output, calls } = await ask('who are you?');

    expect(output.routingPath).toEqual(['classifier', 'general', 'priority_processor']);
    expect(output.primaryResult).toMatchObject({ type: 'general_query', action: 'General information provided' });
    expect(calls).toEqual([]);
  });
});

describe('support: the customer', () => {
  it.each([
    ['a customer who is only like one found', 'a refund for Ada', undefined, 'standard'],
    ['a longer id than the one found', 'a refund for cust-10012', undefined, 'standard'],
    ['the id given beside the query', 'a refund', 'cust-1001', 'premium'],
    ['an id given that the query contradicts', 'a refund for cust-1001', 'cust-2', 'standard'],
  ])('has the tier of %s', async (_whose, query, customerId, customerTier) => {
    expect((await ask(query, scriptedTools(), customerId)).output.primaryResult).toMatchObject({ customerTier });
  });

  it('is looked up by the id where one is given', async () => {
    const { calls } = await ask('a refund', scriptedTools(), 'cust-1001');
    expect(calls[0]?.args).toEqual({ table: 'customers', query: 'cust-1001' });
  });
});

describe('support: priority', () => {
  it.each([
    ['an important refund', { level: 'HIGH', expedited: true, sla: '4 hours' }],
    ['an urgent refund', { level: 'CRITICAL', expedited: true, sla: '1 hour' }],
  ])('%s is expedited', async (query, priorityProcessing) => {
    expect((await ask(query)).output.primaryResult).toMatchObject({ priorityProcessing });
  });

  it.each(['a refund', 'a refund, please'])('%s is not', async (query) => {
    expect((await ask(query)).output.primaryResult).not.toHaveProperty('priorityProcessing');
  });

  it('decides the job’s priority before the route is queued', () => {
    expect(support.classify({ query: 'an urgent refund' }).priority).toBe('CRITICAL');
    expect(PRIORITIES.CRITICAL).toBe(1);
  });
});

describe('support: escalation', () => {
  it('goes straight to people on a trigger, with the classification kept', async () => {
    const { status, output, calls } = await ask('I am angry, refund me, and get me your manager');

    expect(status).toBe('completed');
    expect(output).toMatchObject({
      success: true,
      workflowType: 'customer_service',
      routingPath: ['classifier', 'escalation'],
      primaryResult: null,
      escalation: {
        escalated: true,
        reason: 'escalation trigger in the query: angry, manager',
        assignedTo: 'Senior support team',
        escalationTime: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
        originalResult: null,
      },
      decision: { triggers: ['angry', 'manager'] },
    });
    expect(calls).toEqual([]);
  });

  it('takes a CRITICAL query there after its answer, and says why', async () => {
    const { output } = await ask('urgent: my account is locked');

    expect(output.routingPath).toEqual(['classifier', 'customer_service', 'priority_processor', 'escalation']);
    expect(output.escalation).toMatchObject({
      reason: 'priority CRITICAL: urgent',
      originalResult: output.primaryResult,
    });
  });

  it('takes a premium customer’s HIGH query there', async () => {
    const { output } = await ask('important: a refund for cust-1001');
    expect(output.escalation).toMatchObject({ reason: 'premium customer with priority HIGH' });
  });

  it.each([
    ['a standard customer’s HIGH query', 'important: a refund'],
    ['a premium customer’s other query', 'a refund for cust-1001, please'],
  ])('leaves %s where it is', async (_what, query) => {
    expect((await ask(query)).output).not.toHaveProperty('escalation');
  });
});

describe('support: a tool fails', () => {
  it.each([
    ['a refund', 'customer_service', 'Standard customer service response'],
    ['a crash', 'technical_support', 'Standard technical support response'],
    ['a quote', 'sales_inquiry', 'Standard sales response'],
    ['a trend', 'data_analysis', 'Standard analytics response'],
  ])('"%s" still gets an answer, and the run is partial', async (query, type, fallback) => {
    const tools = scriptedTools({ 'database.query': refuses, 'files.search_files': refuses });
    const { status, output } = await ask(query, tools);

    expect(status).toBe('partial');
    expect(output).toMatchObject({ success: false, workflowType: type });
    expect(output.primaryResult).toEqual({
      type,
      error: { code: 'TOOL_FAILED', message: 'the tool refuses' },
      fallback,
    });
  });

  it('tries a server again that could not be reached, before it falls back', async () => {
    const run = await ask('a refund', scriptedTools({ 'database.query': isUnavailable }));
    expect(run.calls).toHaveLength(3);
    expect(run.status).toBe('partial');
  });

  it('does not let the customer wait twice for a tool that hangs', async () => {
    const run = await ask('a refund', scriptedTools({ 'database.query': timesOut }));
    expect(run.calls).toHaveLength(1);
    expect(run.output.primaryResult).toMatchObject({ error: { code: 'TOOL_TIMEOUT' } });
  });

  it('escalates a CRITICAL query all the same', async () => {
    const { status, output } = await ask('urgent refund', scriptedTools({ 'database.query': refuses }));
    expect(status).toBe('partial');
    expect(output.escalation).toMatchObject({ escalated: true, originalResult: { fallback: expect.any(String) } });
  });

  it('answers with the same fallback when the route’s job itself failed for good', () => {
    const decision = support.classify({ query: 'a refund' });
    const error = new SwitchyardError('CRASH_LOOP', 'its worker died five times').toJSON();
    const facts = { input: { query: 'a refund' }, decision, result: undefined, path: ['classifier'] };

    expect(support.fallback?.(error, facts)).toEqual({
      type: 'customer_service',
      error: { code: 'CRASH_LOOP', message: 'its worker died five times' },
      fallback: 'Standard customer service response',
    });
  });

  it('says so when an escalation that was due could not be made', () => {
    const decision = support.classify({ query: 'an urgent trend' });
    const result = { type: 'data_analysis', action: 'Data analysis completed', insights: [], chart: null };
    const escalationError = new SwitchyardError('TIMEOUT', 'nobody took it').toJSON();
    const facts = { input: { query: '' }, decision, result, path: [], slaMs: 3_600_000, escalationError };

    expect(support.returns(facts)).toMatchObject({
      success: false,
      primaryResult: result,
      escalation: { escalated: false, reason: 'priority CRITICAL: urgent', error: { code: 'TIMEOUT' } },
    });
  });
});

describe('support: definition', () => {
  it('has each domain on a queue of its own', () => {
    expect(Object.values(support.routes).map(({ run }) => run.queue)).toEqual([
      'customer-service',
      'technical-support',
      'sales',
      'data-analysis',
      'general',
    ]);
    expect(support.escalation?.to.queue).toBe('escalation');
  });

  it('routes by the rule set that it is given', () => {
    const own = defineSupport({ ...SHIPPED_RULES, version: 'own-1', triggers: ['lawyer'] });
    expect(own.classify({ query: 'an angry refund' })).not.toHaveProperty('escalate');
    expect(own.classify({ query: 'my lawyer' })).toMatchObject({
      escalate: 'escalation trigger in the query: lawyer',
      evidence: { ruleSet: 'own-1' },
    });
  });

  it.each([{ query: ' ' }, { query: 'x'.repeat(2_001) }, { query: 'hi', customerId: '' }, { query: 'hi', user: 'me' }])(
    'refuses %j',
    (input) => {
      expect(support.input.safeParse(input).success).toBe(false);
    },
  );
});
