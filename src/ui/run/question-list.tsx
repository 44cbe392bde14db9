import type { Question, RunSummary } from '../connection/shapes.js';
import { type Action, answersOf } from '../words/actions.js';
import { durationText } from '../words/duration.js';
import { humanName } from '../words/stage-name.js';
import { ActionButtons } from './action-buttons.js';

interface QuestionListProps {
  readonly run: RunSummary;
  readonly now: number;
  readonly onChoose: (action: Action) => void;
}

const ASKS: Readonly<Record<string, (what: string) => string>> = {
  waiting_approval: (what) => `${what}: may it go on?`,
  in_doubt: (what) => `${what}: did it happen?`,
  step_stuck: (what) => `${what} cannot be done. How does it go on?`,
  compensation_stuck: (what) => `${what} could not be undone. How does it go on?`,
};

/** An approval has its own words; what is stuck or in doubt is asked about in ours. */
function askedOf({ input, status, about }: Question): string {
  const own = typeof input === 'object' && input !== null ? Reflect.get(input, 'question') : undefined;
  if (status === 'waiting_approval' && typeof own === 'string') return own;
  return (ASKS[status] ?? ((what: string) => what))(humanName(about));
}

/** What the run asks of people, and what they may answer. */
export function QuestionList({ run, now, onChoose }: QuestionListProps) {
  if (!run.questions || run.questions.length === 0) return null;
  return (
    <section class="questions" aria-label="What it asks of a person">
      {run.questions.map((question) => (
        <article key={question.about}>
          <h2>{askedOf(question)}</h2>
          {question.error && <p>{question.error.message}</p>}
          <dl class="facts">
            {question.since !== undefined && (
              <div>
                <dt>Has waited</dt>
                <dd class="number">{durationText(now - question.since)}</dd>
              </div>
            )}
            {question.key !== undefined && (
              <div>
                <dt>Look it up by key</dt>
                <dd>
                  <code>{question.key}</code>
                </dd>
              </div>
            )}
          </dl>
          <ActionButtons actions={answersOf(question)} onChoose={onChoose} />
        </article>
      ))}
    </section>
  );
}
