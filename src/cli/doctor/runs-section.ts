/** The runs: which wait for a person, which stand still, which nobody here knows; and whether the newest kept the promises. */
import { createRunIndex } from '../../adapters/run-index.js';
import { createRunLog } from '../../adapters/run-log.js';
import { createScriptRunner } from '../../adapters/scripts.js';
import { retentionOf } from '../../config.js';
import type { Facts } from '../../facts.js';
import { redisKeys } from '../../names.js';
import { statusOf } from '../../orchestrators/timeline.js';
import type { ListedRun, ListOptions } from '../../ports.js';
import { listAll } from '../../queues/list-all.js';
import { agoText } from '../render/duration.js';
import { type Finding, finding, ok } from './finding.js';
import { promiseFindings } from './promises.js';
import type { Asked } from './redis-section.js';

const LOOKED_AT = 200;
const NAMED = 5;
/** A worker that is there takes a run up within milliseconds; one that comes back from a crash within seconds. */
const NOT_BEGUN_MS = 60_000;

export interface RunsOptions {
  readonly checkedRuns: number;
}

export async function runFindings(
  { client, prefix, project, registry }: Asked,
  { checkedRuns }: RunsOptions,
): Promise<readonly Finding[]> {
  const keys = redisKeys(prefix);
  const scripts = createScriptRunner(client);
  const index = createRunIndex(scripts, keys);
  const log = createRunLog(scripts, keys, retentionOf(project.retention));
  const newestRuns = async (most: number, filter: Pick<ListOptions, 'status'> = {}): Promise<readonly ListedRun[]> => {
    const runs: ListedRun[] = [];
    if (most > 0) {
      for await (const run of listAll(index, filter)) if (runs.push(run) >= most) break;
    }
    return runs;
  };
  const read = async (runs: readonly ListedRun[]): Promise<readonly Facts[]> => {
    const facts: Facts[] = [];
    // One after the other: a doctor must not be what Redis suffers from.
    for (const { id } of runs) {
      const found = await log.read(id, { starts: true });
      if (found) facts.push(found);
    }
    return facts;
  };
  const waiting = await newestRuns(LOOKED_AT, { status: 'attention' });
  const open = await read(await newestRuns(LOOKED_AT, { status: 'open' }));
  const unknown = open.filter(({ record }) => !registry.find(record.workflow, record.version));
  const newest = await read(await newestRuns(checkedRuns));
  return [
    ...waitingFindings(waiting),
    ...notBegun(open, unknown),
    ...unknownFindings(unknown),
    ...(checkedRuns === 0 ? [] : promiseFindings(newest, registry)),
  ];
}

function waitingFindings(waiting: readonly ListedRun[]): readonly Finding[] {
  if (waiting.length === 0) return [ok('runs', 'no run waits for a person')];
  const stuck = waiting.filter(({ status }) => status !== 'waiting_approval');
  const asked = waiting.filter(({ status }) => status === 'waiting_approval');
  return [
    ...(stuck.length === 0
      ? []
      : [
          finding(
            'warning',
            'runs',
            `${atLeast(stuck.length)} for a person, stuck or in doubt: ${someOf(stuck.map(({ id, status }) => `${id} (${status})`))}.`,
            `See what each asks: \`switchyard show ${stuck[0]?.id}\`; all of them: \`switchyard runs --status attention\`.`,
          ),
        ]),
    ...(asked.length === 0
      ? []
      : [
          finding(
            'info',
            'runs',
            `${atLeast(asked.length)} for an approval: ${someOf(asked.map(({ id }) => id))}.`,
            `\`switchyard show ${asked[0]?.id}\` lists the commands that answer.`,
          ),
        ]),
  ];
}

/** One that was begun moves, or its worker's crash is found out within seconds; what nobody begins is what hangs unseen. */
function notBegun(open: readonly Facts[], unknown: readonly Facts[]): readonly Finding[] {
  const now = Date.now();
  const late = open.filter(
    (facts) => statusOf(facts) === 'queued' && now - facts.record.createdAt > NOT_BEGUN_MS && !unknown.includes(facts),
  );
  if (late.length === 0) return [ok('runs', `${open.length} under way, none of them left lying`)];
  const oldest = late.reduce((a, b) => (a.record.createdAt <= b.record.createdAt ? a : b));
  return [
    finding(
      'warning',
      'runs',
      `${atLeast(late.length)} for a worker, the oldest since ${agoText(oldest.record.createdAt, now)}: ${someOf(late.map(({ record }) => record.id))}.`,
      'Start workers, or more of them. A run that was started with a delay waits by right.',
    ),
  ];
}

function unknownFindings(unknown: readonly Facts[]): readonly Finding[] {
  const versions = [...new Set(unknown.map(({ record }) => `${record.workflow} version ${record.version}`))];
  if (versions.length === 0) return [];
  return [
    finding(
      'warning',
      'runs',
      `${atLeast(unknown.length)} for a worker that knows ${versions.join(', ')}, which this project does not have.`,
      'Keep that version among `workflows` until its runs have ended, or cancel them.',
    ),
  ];
}

function atLeast(count: number): string {
  return `${count === LOOKED_AT ? 'At least ' : ''}${count} ${count === 1 ? 'run waits' : 'runs wait'}`;
}

function someOf(texts: readonly string[]): string {
  const more = texts.length - NAMED;
  return texts.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
