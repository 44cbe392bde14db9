/** A run log whose readers see what others' workers returned as the definitions take it, never as it came. */
import { checkForeign } from '../orchestrators/foreign.js';
import type { RunLog } from '../ports.js';
import type { Registry } from './registry.js';

export function checkedRunLog(log: RunLog, registry: Registry): RunLog {
  if (registry.foreignQueues.length === 0) return log;
  return {
    ...log,
    async read(run, options) {
      const facts = await log.read(run, options);
      const definition = facts && registry.find(facts.record.workflow, facts.record.version);
      return definition ? checkForeign(definition, facts) : facts;
    },
  };
}
