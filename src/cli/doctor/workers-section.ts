/** Who works: each queue of this project has a worker, or what waits in it waits for ever. And what people have paused. */
import { systemClock } from '../../adapters/clock.js';
import { connectedReleases } from '../../adapters/connected-releases.js';
import { createScriptRunner } from '../../adapters/scripts.js';
import { CALLBACKS_QUEUE, redisKeys } from '../../names.js';
import { liveWorkers } from '../../queues/live-workers.js';
import { createPauses, type Paused } from '../../queues/pauses.js';
import { createQueuePool } from '../../queues/queue-pool.js';
import { type QueueState, readQueueStates } from '../../queues/queue-states.js';
import { RELEASE } from '../../release.js';
import { type Finding, finding, ok } from './finding.js';
import type { Asked } from './redis-section.js';

export async function workerFindings({ client, prefix, project, registry }: Asked): Promise<readonly Finding[]> {
  const scripts = createScriptRunner(client);
  const keys = redisKeys(prefix);
  const served = registry.queues();
  const untold = await client.zcard(keys.untold);
  // Also those that are left over from a configuration which is none any more.
  const tells = project.callbacks !== undefined || untold > 0;
  const queues = createQueuePool(client, prefix, () => undefined, { readOnly: true });
  try {
    const states = await readQueueStates({ scripts, keys }, served);
    const workers = await liveWorkers(queues, tells ? [...served, CALLBACKS_QUEUE] : served);
    const pauses = createPauses({ scripts, keys, clock: systemClock, queues, served, assertWorkflow: registry.latest });
    return [
      ...servedFindings(states, workers),
      ...callbackFindings(workers, untold),
      ...pausedFindings(await pauses.paused()),
      ...releaseFinding((await connectedReleases(client)) ?? new Map()),
    ];
  } finally {
    await queues.close();
  }
}

function servedFindings(
  states: readonly QueueState[],
  workers: ReadonlyMap<string, readonly string[]> | undefined,
): readonly Finding[] {
  if (workers === undefined) {
    const what = 'This Redis does not tell who is connected: whether workers are alive is not known.';
    const remedy = 'Look at your processes; `switchyard runs --status open` shows whether runs end.';
    return [finding('info', 'workers', what, remedy)];
  }
  const names = [...new Set([...workers.values()].flat())].sort();
  const unserved = states.filter(({ queue }) => workers.get(queue)?.length === 0);
  if (names.length === 0) {
    const waiting = states.reduce((sum, state) => sum + state.waiting, 0);
    const what = `No worker is connected${waiting > 0 ? `, and ${waiting} jobs wait` : ''}.`;
    return [finding(waiting > 0 ? 'error' : 'warning', 'workers', what, 'Start one: `switchyard worker`.')];
  }
  return [
    ok('workers', `${names.length} connected: ${names.join(', ')}`),
    ...unserved.map(({ queue, waiting }) =>
      finding(
        'error',
        'workers',
        `Nobody serves queue ${queue}${waiting > 0 ? `, and ${waiting} jobs wait in it` : ''}: runs that come to it stand still.`,
        `Start a worker for it: \`switchyard worker --queues ${queue}\`, or one without --queues.`,
      ),
    ),
  ];
}

/** Of no worker at all is told above; of one without callbacks, that nobody is told of ends. */
function callbackFindings(
  workers: ReadonlyMap<string, readonly string[]> | undefined,
  untold: number,
): readonly Finding[] {
  const isServed = workers?.get(CALLBACKS_QUEUE)?.length !== 0;
  if (isServed || ![...(workers?.values() ?? [])].some((names) => names.length > 0)) return [];
  const ends = untold === 0 ? '' : `, and ${untold} ${untold === 1 ? 'end waits' : 'ends wait'} to be told`;
  return [
    finding(
      'error',
      'workers',
      `Nobody serves queue ${CALLBACKS_QUEUE}${ends}: callbacks of runs are not sent.`,
      `Start a worker that has \`callbacks\` configured: \`switchyard worker --queues ${CALLBACKS_QUEUE}\`, or one without --queues.`,
    ),
  ];
}

function pausedFindings({ workflows, queues }: Paused): readonly Finding[] {
  const remedy = '`switchyard paused` says since when, by whom and why; `switchyard unpause` lets it go on.';
  const held = (count: number) => (count > 0 ? `, and ${count} jobs wait for it` : '');
  return [
    ...workflows.map(({ workflow, held: count }) => `Workflow ${workflow} is paused${held(count)}.`),
    ...queues.map(({ queue, waiting }) => `Queue ${queue} is paused${held(waiting)}.`),
  ].map((what) => finding('warning', 'workers', what, remedy));
}

function releaseFinding(releases: ReadonlyMap<string, number>): readonly Finding[] {
  const others = [...releases.keys()].filter((release) => release !== RELEASE).sort();
  if (others.length === 0) return [];
  const what = `Workers of other releases are connected to this Redis: ${others.join(', ')}; this is ${RELEASE}.`;
  const remedy = 'Bring them to one release when you can: what one does not know, it leaves to another.';
  return [finding('info', 'workers', what, remedy)];
}
