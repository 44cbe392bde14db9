import { page } from '../connection/paths.js';
import type { ListedRun } from '../connection/shapes.js';
import { Moment } from '../parts/moment.js';
import { StatusBadge } from '../parts/status-badge.js';
import { durationText } from '../words/duration.js';
import { FINAL } from '../words/status.js';

interface RunTableProps {
  readonly runs: readonly ListedRun[];
  readonly now: number;
  readonly caption: string;
}

export function RunTable({ runs, now, caption }: RunTableProps) {
  return (
    <table class="runs">
      <caption class="sr-only">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Workflow</th>
          <th scope="col">Run</th>
          <th scope="col">Accepted</th>
          <th scope="col" class="number">
            Took
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.id} run={run} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run: { id, workflow, status, createdAt, finishedAt }, now }: { run: ListedRun; now: number }) {
  const ended = FINAL.has(status) ? finishedAt : undefined;
  return (
    <tr>
      <td>
        <StatusBadge status={status} />
      </td>
      <td>{workflow}</td>
      <td class="id">
        <a href={page.run(id)}>{id}</a>
      </td>
      <td>
        <Moment at={createdAt} now={now} />
      </td>
      <td class={ended === undefined ? 'number dim' : 'number'}>
        {durationText((ended ?? now) - createdAt)}
        {ended === undefined && <span class="sr-only"> so far</span>}
      </td>
    </tr>
  );
}
