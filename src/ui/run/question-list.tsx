import type { Question } from '../connection/shapes.js';
import { type Action, answersOf, type KnownRun } from '../words/actions.js';
import { durationText } from '../words/duration.js';
import { exactText, momentText } from '../words/moment.js';
import { humanName } from '../words/stage-name.js';
import { ActionButtons } from './action-buttons.js';
import { AskedWith } from './asked-with.js';

interface QuestionListProps {
  readonly known: KnownRun;
  readonly readOnly: boolean;
  readonly now: number;
  readonly onChoose: (action: Action) => void;
}

const ASKS: Readonly<Record<string, (what: string) => string>> = {
  waiting_approval: (what) => `${what}: may it go on?`,
  in_doubt: (what) => `${what}: did it happen?`,
  step_stuck: (what) => `${what} cannot be done. How does it go on?`,
  compensation_stuck: (what) => `${what} could not be undone. How does it go on?`,
};

/** An approval has its own words, and perhaps details; what is stuck or in doubt is asked about in ours, with its arguments. */
function askedOf({ input, status, about }: Question): { readonly question: string; readonly details: unknown } {
  const own = status === 'waiting_approval' && typeof input === 'object' && input !== null ? input : undefined;
  const question: unknown = own && Reflect.get(own, 'question');
  if (typeof question === 'string') return { question, details: own && Reflect.get(own, 'details') };
  return { question: (ASKS[status] ?? ((what: string) => what))(humanName(about)), details: input };
}

/** What the run asks of people, and what they may answer. */
export function QuestionList({ known, readOnly, now, onChoose }: QuestionListProps) {
  const { questions = [] } = known.run;
  if (questions.length === 0) return null;
  return (
    <section class="questions" aria-label="What it asks of a person">
      {questions.map((question) => {
        const { details } = askedOf(question);
        return (
          <article key={question.about}>
            <h2>{askedOf(question).question}</h2>
            {question.error && <p>{question.error.message}</p>}
            {details !== undefined && (
              <AskedWith title={question.status === 'waiting_approval' ? 'Details' : 'With'} value={details} />
            )}
            <dl class="facts">
              {question.since !== undefined && (
                <div>
                  <dt>Has waited</dt>
                  <dd class="number">{durationText(now - question.since)}</dd>
                </div>
              )}
              {question.dueAt !== undefined && (
                <div>
                  <dt>Answered by its deadline</dt>
                  <dd class="number">
                    {now < question.dueAt ? `in ${durationText(question.dueAt - now)}, ` : ''}
                    <time dateTime={new Date(question.dueAt).toISOString()} title={exactText(question.dueAt)}>
                      {momentText(question.dueAt, now)}
                    </time>
                  </dd>
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
            {readOnly ? (
              <p class="dim">
                This server changes nothing. Answer elsewhere, or with “switchyard show {known.run.id}”.
              </p>
            ) : (
              <ActionButtons actions={answersOf(question, known)} onChoose={onChoose} />
            )}
          </article>
        );
      })}
    </section>
  );
}
