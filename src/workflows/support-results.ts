/** What each route of `support` answers. */
import { z } from 'zod';
import { chartSchema } from './chart.js';
import { QUERY_TYPES, type QueryType } from './classify.js';

const row = z.record(z.string(), z.unknown());

export const customerServiceResult = z.object({
  type: z.literal('customer_service'),
  action: z.literal('Account inquiry processed'),
  /** The customer's, from the customer's row; `standard` where none was found. */
  customerTier: z.string(),
  recommendations: z.array(z.string()),
});

export const technicalSupportResult = z.object({
  type: z.literal('technical_support'),
  action: z.literal('Technical analysis completed'),
  severity: z.enum(['critical', 'high', 'medium']),
  nextSteps: z.array(z.string()),
  logFiles: z.array(z.string()),
});

export const salesResult = z.object({
  type: z.literal('sales_inquiry'),
  action: z.literal('Sales information provided'),
  leadQuality: z.enum(['hot', 'warm', 'cold']),
  recommendations: z.array(z.string()),
  products: z.array(row),
});

export const dataAnalysisResult = z.object({
  type: z.literal('data_analysis'),
  action: z.literal('Data analysis completed'),
  insights: z.array(z.string()),
  /** Null where the rows hold nothing that could be drawn. */
  chart: chartSchema.nullable(),
});

export const generalResult = z.object({
  type: z.literal('general_query'),
  action: z.literal('General information provided'),
  response: z.string(),
});

/** The answer of a route whose tool failed: the customer gets the named standard response. */
export const fallbackResult = z.object({
  type: z.enum(QUERY_TYPES),
  error: z.object({ code: z.string(), message: z.string() }),
  fallback: z.string(),
});

export type FallbackResult = z.output<typeof fallbackResult>;

export type RouteResult =
  | z.output<typeof customerServiceResult>
  | z.output<typeof technicalSupportResult>
  | z.output<typeof salesResult>
  | z.output<typeof dataAnalysisResult>
  | z.output<typeof generalResult>
  | FallbackResult;

const FALLBACKS: Readonly<Record<QueryType, string>> = {
  customer_service: 'Standard customer service response',
  technical_support: 'Standard technical support response',
  sales_inquiry: 'Standard sales response',
  data_analysis: 'Standard analytics response',
  general_query: 'Standard general response',
};

export function fallbackOf(
  type: QueryType,
  { code, message }: { readonly code: string; readonly message: string },
): FallbackResult {
  return { type, error: { code, message }, fallback: FALLBACKS[type] };
}

export function isFallback(result: RouteResult): result is FallbackResult {
  return 'fallback' in result;
}
