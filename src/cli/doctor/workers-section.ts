/** Who works: each queue of this project has a worker, or what waits in it waits for ever. */
import { connectedReleases } from '../../adapters/connected-releases.js';
import { lookAtQueues, type QueueLook } from '../../queues/queue-look.js';
import { RELEASE } from '../../release.js';
import { type Finding, finding, ok } from './finding.js';
import type { Asked } from './redis-section.js';

export async function workerFindings({ client, prefix, registry }: Asked): Promise<readonly Finding[]> {
  const looks = await lookAtQueues(client, prefix, registry.queues());
  const others = [...((await connectedReleases(client)) ?? new Map<string, number>()).keys()].filter(
    (release) => release !== RELEASE,
  );
  return [...servedFindings(looks), ...looks.flatMap(pausedFinding), ...releaseFinding(others)];
}

function releaseFinding(others: readonly string[]): readonly Finding[] {
  if (others.length === 0) return [];
  const what = `Workers of other releases are connected to this Redis: ${[...others].sort().join(', ')}; this is ${RELEASE}.`;
  return [
    finding(
      'info',
      'workers',
      what,
      'Bring them to one release when you can: what one does not know, it leaves to another.',
    ),
  ];
}

function servedFindings(looks: readonly QueueLook[]): readonly Finding[] {
  if (looks.some(({ workers }) => workers === undefined)) {
    const what = 'This Redis does not tell who is connected: whether workers are alive is not known.';
    return [
      finding(
        'info',
        'workers',
        what,
        'Look at your processes; `switchyard runs --status open` shows whether runs end.',
      ),
    ];
  }
  const workers = new Set(looks.flatMap((look) => look.workers ?? []));
  const unserved = looks.filter((look) => look.workers?.length === 0);
  if (workers.size === 0) {
    const waiting = looks.reduce((sum, look) => sum + look.waiting, 0);
    return [
      finding(
        waiting > 0 ? 'error' : 'warning',
        'workers',
        `No worker is connected${waiting > 0 ? `, and ${waiting} jobs wait` : ''}.`,
        'Start one: `switchyard worker`.',
      ),
    ];
  }
  const served = ok('workers', `${workers.size} connected: ${[...workers].sort().join(', ')}`);
  return [
    served,
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

function pausedFinding({ queue, paused, waiting }: QueueLook): readonly Finding[] {
  if (!paused) return [];
  const what = `Queue ${queue} is paused${waiting > 0 ? `, and ${waiting} jobs wait in it` : ''}.`;
  return [finding('warning', 'workers', what, 'Resume it where it was paused, when that is over.')];
}
