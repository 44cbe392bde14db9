/** The tools of a worker, in whichever command it works. */
import type { McpConfig } from '../adapters/mcp/config.js';
import { createToolPool, type ToolPool } from '../adapters/mcp/tool-pool.js';
import { MAX_ANSWER_BYTES } from '../config.js';
import type { Logger } from '../ports.js';
import { shippedContracts, shippedWorkflows } from '../workflows/index.js';
import type { Project } from './project.js';
import type { Settings } from './settings.js';

export function workerTools(settings: Settings, project: Project, config: McpConfig, log: Logger): ToolPool {
  return createToolPool({
    config,
    contracts: usesShipped(project) ? shippedContracts : {},
    logger: log,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    dataDir: settings.dataDir,
  });
}

/** The shipped contracts are about the shipped workflows; a project's own tools answer in shapes of their own. */
function usesShipped(project: Project): boolean {
  return shippedWorkflows.some((shipped) => project.workflows.some((one) => one.name === shipped.name));
}
