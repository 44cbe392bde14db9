import { describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../../src/errors.js';
import type { Task, TaskContext } from '../../../src/task.js';
import { parallelTasks, supportTasks } from '../../../src/workflows/index.js';
import { silentLog } from '../../support/silent-log.js';

/** An attempt whose worker stops during its last try: the call in flight fails because of that. */
function stoppedContext(): TaskContext {
  const stop = new AbortController();
  return {
    run: 'run',
    stage: 'stage',
    attempt: 99,
    isLastAttempt: true,
    key: 'run/stage/1',
    signal: stop.signal,
    log: silentLog,
    tool: async (_capability, args) => {
      // The first city still answers: a branch with one good call would otherwise be taken for completed.
      if (args.city === 'London') return { city: 'London', temp: 1, condition: 'Fog' };
      stop.abort();
      throw new SwitchyardError('TOOL_FAILED', 'the call was cancelled', { retryable: false });
    },
  };
}

function named(tasks: readonly Task[], name: string): Task {
  const task = tasks.find((candidate) => candidate.name === name);
  if (!task) throw new Error(`no task ${name}`);
  return task;
}

describe('an attempt that is stopped', () => {
  it('does not make a branch’s cancelled calls its result', async () => {
    const run = await named(parallelTasks, 'parallel.weather').load();
    await expect(run({ cities: ['London', 'Paris'] }, stoppedContext())).rejects.toThrow('the call was cancelled');
  });

  it('does not give a customer the fallback', async () => {
    const run = await named(supportTasks, 'support.customer_service').load();
    await expect(run({ query: 'a refund', priority: 'LOW' }, stoppedContext())).rejects.toThrow(
      'the call was cancelled',
    );
  });
});
