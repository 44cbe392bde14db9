/**
 * Stopping a run from any process. One script marks it and tells every worker; then the children that no worker has are
 * taken from its root, page by page, begun before or not. What is with a worker is aborted there; a branch that has lost its
 * worker is left to the next one, which ends it as IN_DOUBT where its task does not say how it is safe to repeat. The root, which wakes when the last
 * is gone, decides what the stop means.
 */
import { DROP_PAGE } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { StopRequest } from '../facts.js';
import type { RedisKeys } from '../names.js';
import type { Stopped, StopRun } from '../orchestrators/move.js';
import type { Fence, ScriptRunner } from '../ports.js';
import { wakingScript } from './bullmq-scripts.js';

const STOP_RUN = wakingScript('stop-run');
const DROP_WAITING = wakingScript('drop-waiting');

const KINDS = ['stopping', 'ended', 'unknown', 'undoing', 'fenced-off'] as const;

export function createStopRun(scripts: ScriptRunner, keys: RedisKeys): StopRun {
  async function mark(
    run: string,
    request: StopRequest,
    fence: Fence | undefined,
  ): Promise<{ readonly stopped: Stopped; readonly nested: readonly string[] }> {
    const reply = await scripts.run(
      STOP_RUN,
      [keys.log(run), keys.root(run), keys.stopping, fence?.lockKey ?? keys.log(run), keys.settled],
      [fence?.token ?? '', run, JSON.stringify(request), keys.stops, keys.indexBase],
    );
    const [kind, ...more]: readonly unknown[] = Array.isArray(reply) ? reply : [];
    const known = KINDS.find((candidate) => candidate === kind);
    if (known) return { stopped: { kind: known }, nested: known === 'stopping' ? more.map(String) : [] };
    if (kind === 'past-pivot') return { stopped: { kind, step: String(more[0]) }, nested: [] };
    throw new SwitchyardError('INTERNAL', `script ${STOP_RUN.name} replied ${JSON.stringify(reply)}`);
  }

  const stop: StopRun = async (run, request, fence) => {
    const { stopped, nested } = await mark(run, request, fence);
    if (stopped.kind !== 'stopping') return stopped;
    let taken: number;
    do {
      taken = Number(await scripts.run(DROP_WAITING, [keys.root(run), keys.log(run)], [DROP_PAGE]));
    } while (taken === DROP_PAGE);
    // They stand for stages that sleep until they have ended, each as it can: past its pivot one goes on.
    for (const child of nested) await stop(child, { cause: 'cancelled', at: request.at, reason: `run ${run} stops` });
    return stopped;
  };
  return stop;
}
