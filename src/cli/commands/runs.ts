import { LIST_PAGE } from '../../config.js';
import type { Switchyard } from '../../engine/engine.js';
import { SwitchyardError } from '../../errors.js';
import { FINAL_STATUSES, OPERATOR_STATUSES, type RunStatus } from '../../facts.js';
import type { ListedRun, ListOptions, RunPage } from '../../ports.js';
import { commandLog } from '../command-log.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { agoText, durationText } from '../render/duration.js';
import { shellWord } from '../render/shell-word.js';
import { statusText } from '../render/status.js';
import { tableLines } from '../render/table.js';
import { type Settings, wholeNumber } from '../settings.js';
import type { Colors, Terminal } from '../terminal.js';

export interface RunsOptions {
  readonly workflow?: string | undefined;
  readonly status?: string | undefined;
  readonly tag?: string | undefined;
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

type Filter = NonNullable<ListOptions['status']>;

const STATUSES: readonly Filter[] = ['open', 'compensating', ...OPERATOR_STATUSES, 'attention', ...FINAL_STATUSES];

const PAGE = 20;

/** A page of runs, newest first. */
export async function runs(settings: Settings, options: RunsOptions, { out, err }: Terminal): Promise<number> {
  const { workflow, status, tag, cursor } = options;
  if (status !== undefined && !isStatus(status)) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `--status is "${status}": use ${STATUSES.join(', ')}. \`open\` runs are queued or running, \`attention\` ones wait for a person.`,
    );
  }
  const limit = wholeNumber('--limit', options.limit ?? String(PAGE), { min: 1, max: LIST_PAGE.max });
  const project = await loadProject(settings.config);
  const page = await withSwitchyard(settings, project, commandLog(err, 'silent'), async (sy) => {
    const found = await sy.list({
      limit,
      ...(workflow !== undefined && { workflow }),
      ...(status !== undefined && { status }),
      ...(tag !== undefined && { tag }),
      ...(cursor !== undefined && { cursor }),
    });
    return settings.json ? found : { ...found, runs: await Promise.all(found.runs.map((run) => asShown(sy, run))) };
  });
  if (settings.json) out.write(`${JSON.stringify(page, null, 2)}\n`);
  else if (page.runs.length === 0 && page.cursor === undefined) out.write(`${nothingText(options)}\n`);
  else out.write(`${pageLines(page, options, out.colors).join('\n')}\n`);
  return 0;
}

interface ShownRun extends Omit<ListedRun, 'status'> {
  readonly status: ListedRun['status'] | RunStatus;
}

/** The list knows of an open run only that it has not ended; `show` and what refuses a word call it queued or running. */
async function asShown(sy: Switchyard, run: ListedRun): Promise<ShownRun> {
  if (run.status !== 'open') return run;
  // Its record may be gone by now; that it was open is still known then.
  const summary = await sy
    .run(run.id)
    .summary()
    .catch(() => run);
  return { ...run, status: summary.status };
}

function isStatus(text: string): text is Filter {
  return STATUSES.some((one) => one === text);
}

/** Of filters that stand for several states. */
const NONE: Readonly<Record<string, string>> = { open: 'are queued or running', attention: 'wait for a person' };

function nothingText({ workflow, status, tag, cursor }: RunsOptions): string {
  if (cursor !== undefined) return 'No more runs.';
  const asked = [
    workflow === undefined ? '' : ` of workflow ${workflow}`,
    tag === undefined ? '' : ` with the tag ${tag}`,
    status === undefined ? '' : ` that ${NONE[status] ?? `are ${status.replace(/_/g, ' ')}`}`,
  ].join('');
  if (asked !== '') return `No runs${asked}. All runs: switchyard runs`;
  return 'No runs. Start one: switchyard enqueue parallel \'{"query":"weather in Paris"}\'';
}

interface ShownPage extends Pick<RunPage, 'cursor'> {
  readonly runs: readonly ShownRun[];
}

function pageLines({ runs: listed, cursor }: ShownPage, options: RunsOptions, colors: Colors): readonly string[] {
  const now = Date.now();
  const rows = listed.map((run) => [
    statusText(run.status, colors),
    run.workflow,
    run.id,
    agoText(run.createdAt, now),
    run.finishedAt === undefined ? '' : durationText(run.finishedAt - run.createdAt),
  ]);
  const header = ['STATUS', 'WORKFLOW', 'RUN', 'ACCEPTED', 'TOOK'].map((title) => colors.dim(title));
  const more = cursor === undefined ? [] : ['', colors.dim(`More: ${nextPage({ ...options, cursor })}`)];
  return [...tableLines([header, ...rows]), ...more];
}

/** As it was asked, from the cursor on: a cursor is a place among the runs that fit, and means another among all. */
function nextPage({ workflow, status, tag, limit, cursor }: RunsOptions): string {
  const given = Object.entries({ workflow, status, tag, limit, cursor }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${shellWord(value)}`],
  );
  return ['switchyard runs', ...given].join(' ');
}
