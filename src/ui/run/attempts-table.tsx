import type { TimelineEntry } from '../connection/shapes.js';
import { durationText } from '../words/duration.js';
import { exactText, momentText } from '../words/moment.js';

interface AttemptsTableProps {
  readonly entry: TimelineEntry;
  readonly now: number;
}

export function AttemptsTable({ entry: { attempts, name }, now }: AttemptsTableProps) {
  if (attempts.length === 0) return null;
  return (
    <table class="attempts">
      <caption class="sr-only">Attempts of {name}</caption>
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">Began</th>
          <th scope="col" class="number">
            Took
          </th>
          <th scope="col">Ended</th>
        </tr>
      </thead>
      <tbody>
        {attempts.map(({ n, startedAt, finishedAt, error }) => (
          <tr key={n}>
            <td>{n}</td>
            <td>
              {startedAt === null ? (
                <span class="dim">not recorded</span>
              ) : (
                <time dateTime={new Date(startedAt).toISOString()} title={exactText(startedAt)}>
                  {momentText(startedAt, now)}
                </time>
              )}
            </td>
            <td class="number">
              {startedAt === null || finishedAt === null ? '–' : durationText(finishedAt - startedAt)}
            </td>
            <td class="ended">
              {error ? (
                <>
                  <code class="bad">{error.code}</code> {error.message}
                  {error.answered === false && <span class="dim"> No answer came: it may have happened.</span>}
                </>
              ) : (
                'Done'
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
