/** The shipped workflows: what runs when a project has no `switchyard.config.ts` of its own. */
import { order } from './order.js';
import { parallel } from './parallel.js';
import { support } from './support.js';

export { shippedContracts } from './capabilities.js';
export { type OrderOutput, order, orderTasks } from './order.js';
export { type ParallelOutput, parallel, parallelTasks } from './parallel.js';
export { type RuleSet, SHIPPED_RULES } from './rules.js';
export { defineSupport, type SupportOutput, support, supportTasks } from './support.js';

export const shippedWorkflows = [parallel, support, order] as const;
