import type { Paused } from '../connection/shapes.js';
import { agoText } from '../words/duration.js';

interface PauseBannerProps {
  readonly paused: Paused | undefined;
  readonly now: number;
}

interface Line {
  readonly what: string;
  readonly name: string;
  readonly waits: string;
  readonly at?: number;
  readonly by?: string;
  readonly reason?: string;
}

/** Why nothing goes on, where somebody has said that it shall not. */
export function PauseBanner({ paused, now }: PauseBannerProps) {
  const lines: readonly Line[] = [
    ...(paused?.workflows ?? []).map(({ workflow, held, ...said }) => ({
      ...{ what: 'Workflow', name: workflow, ...said },
      waits: held === 0 ? 'begins no runs' : `begins no runs; ${held.toLocaleString('en')} wait`,
    })),
    ...(paused?.queues ?? []).map(({ queue, waiting, ...said }) => ({
      ...{ what: 'Queue', name: queue, ...said },
      waits: waiting === 0 ? 'gives out no jobs' : `gives out no jobs; ${waiting.toLocaleString('en')} wait`,
    })),
  ];
  if (lines.length === 0) return null;
  return (
    <section class="note warn paused" aria-labelledby="paused-title">
      <h2 id="paused-title">Paused</h2>
      <ul>
        {lines.map(({ what, name, waits, at, by, reason }) => (
          <li key={`${what} ${name}`}>
            {what} <strong>{name}</strong> {waits}.
            <span class="dim">
              {at !== undefined && ` Paused ${agoText(now - at)}`}
              {by !== undefined && ` by ${by}`}
              {reason !== undefined && `: ${reason}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
