/** What agents are told of the shipped workflows. Two of them only read, which their definitions cannot say. */
import type { AgentTool } from '../agent-tools.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { order } from './order.js';
import { parallel } from './parallel.js';
import { support } from './support.js';

const TOLD: readonly (readonly [WorkflowDefinition, AgentTool])[] = [
  [
    parallel,
    {
      title: 'Weather, files and records at once',
      description:
        'Looks for what a query asks in three places at once: the weather of the cities it names (when it says "weather"), files by their names, and the tables of the database. What one of them cannot answer does not hold up the others; the answer says which failed.',
      hints: { readOnlyHint: true, destructiveHint: false },
    },
  ],
  [
    support,
    {
      title: 'Answer a support query',
      description:
        'Answers a customer query: classifies it by domain and priority, asks the tools of that domain, and passes it on to a person when it is critical or asks for one. The answer says which way it went and why.',
      hints: { destructiveHint: false },
    },
  ],
  [
    order,
    {
      title: 'Place an order',
      description:
        'Places an order: creates the account, charges the payment, confirms by mail, takes the pieces out of stock and makes a shipping label, in this order. If a step fails for good, everything before it is undone, last first (refund, cancellation, stock put back). Amounts are in minor units (cents). Give `_run.key`, such as your order number: without it a repeated call is a second order.',
      hints: { destructiveHint: true },
    },
  ],
];

/** Of those of the shipped definitions that are among these, by name. */
export function shippedAgentTools(workflows: readonly WorkflowDefinition[]): Readonly<Record<string, AgentTool>> {
  return Object.fromEntries(
    TOLD.filter(([shipped]) => workflows.includes(shipped)).map(([{ name }, told]) => [name, told]),
  );
}
