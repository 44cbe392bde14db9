import { page } from '../connection/paths.js';
import type { AllCounts, RunCounts, WorkflowInfo } from '../connection/shapes.js';
import { humanName } from '../words/stage-name.js';
import type { Tone } from '../words/status.js';

const COLUMNS: readonly (readonly [status: keyof RunCounts, label: string, tone: Tone])[] = [
  ['open', 'In progress', 'busy'],
  ['compensating', 'Compensating', 'undo'],
  ['attention', 'Waiting', 'warn'],
  ['completed', 'Completed', 'good'],
  ['partial', 'Partial', 'warn'],
  ['compensated', 'Compensated', 'undo'],
  ['failed', 'Failed', 'bad'],
  ['cancelled', 'Cancelled', 'idle'],
];

const PATTERNS: Readonly<Record<WorkflowInfo['pattern'], string>> = {
  'fan-out': 'in parallel',
  list: 'a list, in parallel',
  router: 'by route',
  saga: 'as a saga',
};

interface WorkflowCountsProps {
  readonly workflows: readonly WorkflowInfo[];
  readonly counts: AllCounts | undefined;
  /** Whether this server starts nothing. */
  readonly readOnly: boolean;
}

/** Every workflow: how its runs stand, each number a filter, and the way to start one. */
export function WorkflowCounts({ workflows, counts, readOnly }: WorkflowCountsProps) {
  return (
    <section aria-labelledby="workflows-title">
      <h2 id="workflows-title" class="sr-only">
        Workflows
      </h2>
      <ul class="workflows">
        {workflows.map(({ name, pattern }) => {
          const own = counts?.workflows[name];
          return (
            <li key={name} class="card">
              <div class="card-head">
                <h3>
                  <a href={page.runs({ workflow: name })}>{humanName(name)}</a>
                </h3>
                <span class="dim small">{PATTERNS[pattern]}</span>
                {!readOnly && (
                  <a class="button small" href={page.start(name)}>
                    Start<span class="sr-only"> {name}</span>
                  </a>
                )}
              </div>
              <ul class="counts">
                {COLUMNS.filter(
                  ([status]) => status === 'open' || status === 'completed' || (own?.[status] ?? 0) > 0,
                ).map(([status, label, tone]) => (
                  <li key={status}>
                    <a class={(own?.[status] ?? 0) > 0 ? tone : 'idle'} href={page.runs({ workflow: name, status })}>
                      <strong>{own ? own[status].toLocaleString('en') : '–'}</strong> <span>{label}</span>
                    </a>
                  </li>
                ))}
              </ul>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
