/**
 * The five routes of `support`, each on its domain's own queue.
 *
 * A route whose tool fails for good still answers: with the error, and with the standard response that a person would
 * give without the tool. So a customer is never left without an answer, and the run says `partial`.
 */
import { z } from 'zod';
import type { Duration, Priority } from '../config.js';
import { toSwitchyardError } from '../errors.js';
import { defineTask, type TaskContext } from '../task.js';
import { chartOf } from './chart.js';
import { mentions, type QueryType } from './classify.js';
import { tierOf } from './customer-tier.js';
import { insightsOf } from './insights.js';
import { keepFirst } from './keep-first.js';
import { readTool } from './read-tool.js';
import { columnsOf } from './row-columns.js';
import * as results from './support-results.js';

const TOOL_TIMEOUT: Duration = '10s';

const POLICY = { idempotent: true, timeout: '12s', attempts: 3 } as const;

/** Bytes of JSON of rows or paths that one answer carries. */
const KEPT_BYTES = 30 * 1024;

const request = z.object({
  query: z.string(),
  priority: z.enum(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']),
  customerId: z.string().optional(),
});

/**
 * The handler's answer, or its fallback once no further attempt would help. An aborted attempt is not an answer: its
 * worker is stopping, or its time is over, and the fallback is then the router's to give.
 */
async function answerOrFallback<Result>(
  type: QueryType,
  context: TaskContext,
  answer: () => Promise<Result>,
): Promise<Result | results.FallbackResult> {
  try {
    return await answer();
  } catch (thrown) {
    const error = toSwitchyardError(thrown, { step: context.stage });
    // A tool that hung once is not waited for again while a customer waits.
    const worthRepeating = error.retryable && error.code !== 'TOOL_TIMEOUT' && !context.isLastAttempt;
    if (context.signal.aborted || worthRepeating) throw error;
    context.log.warn({ error: error.toJSON() }, `${type}: the tool failed, the standard response is given`);
    return results.fallbackOf(type, error);
  }
}

function severityOf(query: string, priority: Priority): 'critical' | 'high' | 'medium' {
  if (priority === 'CRITICAL') return 'critical';
  return mentions(query, ['error', 'crash']) ? 'high' : 'medium';
}

function leadQualityOf(query: string): 'hot' | 'warm' | 'cold' {
  if (mentions(query, ['demo', 'trial', 'purchase', 'buy'])) return 'hot';
  return mentions(query, ['price', 'cost', 'quote']) ? 'warm' : 'cold';
}

export const customerService = defineTask({
  ...POLICY,
  name: 'support.customer_service',
  queue: 'customer-service',
  input: request,
  output: z.union([results.fallbackResult, results.customerServiceResult]),
  run: ({ query, customerId }, context) =>
    answerOrFallback('customer_service', context, async () => {
      const args = { table: 'customers', query: customerId ?? query };
      const { rows } = await readTool(context, 'database.query', args, TOOL_TIMEOUT);
      return {
        type: 'customer_service' as const,
        action: 'Account inquiry processed' as const,
        customerTier: tierOf(rows, query, customerId),
        recommendations: [
          'Verify account information',
          'Check recent transaction history',
          'Provide relevant documentation',
        ],
      };
    }),
});

export const technicalSupport = defineTask({
  ...POLICY,
  name: 'support.technical_support',
  queue: 'technical-support',
  input: request,
  output: z.union([results.fallbackResult, results.technicalSupportResult]),
  run: ({ query, priority }, context) =>
    answerOrFallback('technical_support', context, async () => {
      const args = { pattern: '*.log', search_type: 'name' };
      const { results: paths } = await readTool(context, 'files.search_files', args, TOOL_TIMEOUT);
      return {
        type: 'technical_support' as const,
        action: 'Technical analysis completed' as const,
        severity: severityOf(query, priority),
        nextSteps: ['Check system logs', 'Verify configuration settings', 'Test connectivity'],
        logFiles: keepFirst(paths, KEPT_BYTES).items,
      };
    }),
});

export const sales = defineTask({
  ...POLICY,
  name: 'support.sales',
  queue: 'sales',
  input: request,
  output: z.union([results.fallbackResult, results.salesResult]),
  run: ({ query }, context) =>
    answerOrFallback('sales_inquiry', context, async () => {
      const { rows } = await readTool(context, 'database.query', { table: 'products', query }, TOOL_TIMEOUT);
      return {
        type: 'sales_inquiry' as const,
        action: 'Sales information provided' as const,
        leadQuality: leadQualityOf(query),
        recommendations: ['Provide product comparison', 'Schedule demo if interested', 'Send pricing information'],
        products: keepFirst(rows, KEPT_BYTES).items,
      };
    }),
});

export const dataAnalysis = defineTask({
  ...POLICY,
  name: 'support.data_analysis',
  queue: 'data-analysis',
  input: request,
  output: z.union([results.fallbackResult, results.dataAnalysisResult]),
  run: ({ query }, context) =>
    answerOrFallback('data_analysis', context, async () => {
      const { rows, total } = await readTool(context, 'database.query', { table: 'analytics', query }, TOOL_TIMEOUT);
      const columns = columnsOf(rows);
      return {
        type: 'data_analysis' as const,
        action: 'Data analysis completed' as const,
        insights: [...insightsOf(rows, total, columns)],
        chart: chartOf(keepFirst(rows, KEPT_BYTES).items, columns),
      };
    }),
});

export const general = defineTask({
  ...POLICY,
  name: 'support.general',
  queue: 'general',
  input: request,
  output: z.union([results.fallbackResult, results.generalResult]),
  run: () => ({
    type: 'general_query' as const,
    action: 'General information provided' as const,
    response:
      'Your question belongs to none of our specialised teams, so the general desk has it. Naming the order, the error, the product or the report that it is about brings it to the right team at once.',
  }),
});
