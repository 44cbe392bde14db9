/** The schedules: whose workflow this project does not have, or no worker. Their ticks start nothing. */
import { systemClock } from '../../adapters/clock.js';
import { createScriptRunner } from '../../adapters/scripts.js';
import { retentionOf } from '../../config.js';
import { redisKeys } from '../../names.js';
import { createQueuePool } from '../../queues/queue-pool.js';
import { createSchedules } from '../../queues/schedules.js';
import type { Schedule } from '../../schedule.js';
import { agoText } from '../render/duration.js';
import { type Finding, finding } from './finding.js';
import type { Asked } from './redis-section.js';

/** A worker that has the workflow takes a tick from one that has not within a second, or it is busy. */
const LONG_MS = 60_000;

export async function scheduleFindings({ client, prefix, project, registry }: Asked): Promise<readonly Finding[]> {
  const queues = createQueuePool(client, prefix, () => undefined, { readOnly: true });
  const schedules = createSchedules({
    scripts: createScriptRunner(client),
    keys: redisKeys(prefix),
    clock: systemClock,
    queues,
    retention: retentionOf(project.retention),
    latest: registry.latest,
  });
  try {
    return (await schedules.list()).flatMap((schedule) => scheduleFinding(schedule, registry.names, Date.now()));
  } finally {
    await queues.close();
  }
}

function scheduleFinding(schedule: Schedule, known: readonly string[], now: number): readonly Finding[] {
  const { name, workflow, waits, paused } = schedule;
  const remedy = `Start a worker that has ${workflow}, or: \`switchyard schedules remove ${name}\`.`;
  if (waits) {
    const severity = now - waits.since >= LONG_MS ? 'error' : 'warning';
    const what = `No worker has workflow ${workflow}: a tick of schedule ${name} waits since ${agoText(waits.since, now)}, and those after it are missed.`;
    return [finding(severity, 'runs', what, remedy)];
  }
  if (paused || known.includes(workflow)) return [];
  return [
    finding('warning', 'runs', `Schedule ${name} runs workflow ${workflow}, which this project does not have.`, remedy),
  ];
}
