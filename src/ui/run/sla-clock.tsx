import { durationText } from '../words/duration.js';
import { exactText } from '../words/moment.js';
import { type Sla, slaRanTo, slaWords } from './sla.js';

/** The time that the decided priority gives the answer, and how it stands. */
export function SlaClock({ sla, now }: { readonly sla: Sla; readonly now: number }) {
  const { state, label } = slaWords(sla, now);
  const share = (at: number) => String(Math.min(1, Math.max(0, (at - sla.from) / sla.ms)));
  return (
    <div class={`sla ${state}`}>
      <p>
        <strong>SLA {durationText(sla.ms)}</strong> <span class="number">{label}</span>
      </p>
      <div class="sla-track" aria-hidden="true">
        <i style={{ '--long': share(slaRanTo(sla, now)) }} />
        {sla.warnAt !== undefined && <b style={{ '--at': share(sla.warnAt) }} title="From here on a person is asked" />}
      </div>
      <p class="dim small">
        Due <time dateTime={new Date(sla.dueAt).toISOString()}>{exactText(sla.dueAt)}</time>
      </p>
    </div>
  );
}
