/** Looking at a run on Redis without reading all of it: its head, a page of its stages, the states of all by name. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { StageFact } from '../facts.js';
import { type RedisKeys, stageJobId, stageOfJobKey } from '../names.js';
import type { RunView, Script, ScriptRunner, StagesAsked, StagesRead } from '../ports.js';
import { StageResult } from '../schema.js';
import { endedStageOfTail, failedStage, partOfRun } from './run-facts.js';

const script = (name: string): Script => ({
  name,
  lua: readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8'),
});

const READ_HEAD = script('read-head');
const READ_STAGES = script('read-stages');
const READ_STATES = script('read-states');
const READ_ENDS = script('read-ends');

const HEAD_FIELDS = [
  ...['workflow', 'version', 'input', 'inputHash', 'key', 'priority', 'createdAt', 'retryOf'],
  ...['tags', 'parent', 'tried', 'stop', 'slaDueAt', 'phase', 'outcome', 'decision', 'callback', 'delivery'],
];
/** What people have said; nobody reads more of one run. */
const WORDS = Array.from({ length: 50 }, (_, at) => `word/${at + 1}`);

/** Active stages of a page whose start is looked up: one read each, and a page has a budget of thirty. */
const SHOWN_STARTS = 10;
/** Attempts of one stage that are shown. */
const SHOWN_ATTEMPTS = 10;
/** Bytes of results that one page reads past, before it ends as it is: Redis serves nobody else meanwhile. */
const MAX_RESULT_BYTES = 8 * 1024 * 1024;
/** Longer than what stands behind a result's output. */
const RESULT_TAIL = 160;

/** Whole, it is in the run's document. */
const FOREIGN: StageFact = {
  state: 'failed',
  error: {
    code: 'BAD_OUTPUT',
    message: 'its job was completed with a value that Switchyard did not write',
    retryable: false,
  },
};

const Texts = z.array(z.string());
const Head = z.tuple([Texts, z.number(), z.number(), z.number()]);
const Stages = z.tuple([Texts, Texts, Texts, Texts, Texts]);
const States = z.tuple([Texts, Texts, Texts, Texts, Texts, Texts]);

export function createRunView(scripts: ScriptRunner, keys: RedisKeys): RunView {
  const active = (queues: readonly string[]) => queues.map((queue) => keys.job(queue, 'active'));
  const stagesOf = (run: string, ids: readonly string[]) =>
    new Set(ids.map((id) => id.slice(stageJobId(run, '').length)));

  return {
    async head(run) {
      const reply = await scripts.run(READ_HEAD, [keys.log(run), keys.root(run)], [...HEAD_FIELDS, ...WORDS]);
      const [fields, pending, completed, failed] = Head.parse(reply);
      const part = partOfRun(run, fields);
      return part && { record: part.record, pending, completed, failed };
    },

    async stages(run, asked) {
      const reply = await scripts.run(
        READ_STAGES,
        [keys.log(run), keys.root(run), ...active(asked.queues)],
        [
          stageJobId(run, ''),
          JSON.stringify(asked.children.map((child) => child.key)),
          JSON.stringify(asked.children.flatMap(fieldsOf)),
          SHOWN_STARTS,
          MAX_RESULT_BYTES,
          RESULT_TAIL,
        ],
      );
      const [fields, results, failures, activeIds, starts] = Stages.parse(reply);
      return stagesRead(run, asked, { fields, results, failures, starts, active: stagesOf(run, activeIds) });
    },

    async states(run, queues) {
      const reply = await scripts.run(
        READ_STATES,
        [keys.log(run), keys.root(run), ...active(queues)],
        [stageJobId(run, '')],
      );
      const [completed, failed, activeIds, yes, no, nested] = States.parse(reply);
      const ended = (children: readonly string[], answered: readonly string[]) =>
        new Set([...children.map((key) => stageOfJobKey(run, key)), ...answered]);
      return {
        completed: ended(completed, yes),
        failed: ended(failed, no),
        active: stagesOf(run, activeIds),
        nested: new Set(nested),
      };
    },

    async output(run, { stage, key }) {
      const head = await scripts.run(
        READ_HEAD,
        [keys.log(run), keys.root(run)],
        ['workflow', 'input', 'inputHash', `done/${stage}`, `answer/${stage}`, `asked/${stage}`],
      );
      const [fields] = Head.parse(head);
      const done = partOfRun(run, fields)?.record.done.get(stage);
      if (done) return done.output;
      const [value = ''] = Texts.parse(await scripts.run(READ_ENDS, [`${keys.root(run)}:processed`], [key]));
      const parsed = value === '' ? undefined : StageResult.safeParse(JSON.parse(value));
      return parsed?.data?.output;
    },
  };
}

function fieldsOf({ stage, attempts }: StagesAsked['children'][number]): readonly string[] {
  const shown = Array.from({ length: Math.min(attempts, SHOWN_ATTEMPTS) }, (_, at) => `attempt/${stage}/${at + 1}`);
  return [...shown, `asked/${stage}`, `answer/${stage}`, `nested/${stage}`];
}

interface Replied {
  readonly fields: readonly string[];
  readonly results: readonly string[];
  readonly failures: readonly string[];
  readonly starts: readonly string[];
  readonly active: ReadonlySet<string>;
}

/** Fields without which a log is none; of what was read for a page they are not. */
const NO_HEAD = ['workflow', '', 'input', 'null', 'inputHash', ''];

function stagesRead(run: string, { children }: StagesAsked, replied: Replied): StagesRead {
  const { fields, results, failures, starts, active } = replied;
  const part = partOfRun(run, [...NO_HEAD, ...fields]);
  const startOf = new Map(starts.flatMap((id, at) => (at % 2 === 0 ? [[id, Number(starts[at + 1])] as const] : [])));
  const factOf = (stage: string, at: number): StageFact | undefined => {
    const answered = part?.answered.get(stage);
    if (answered) return answered;
    const [result = '', failure = ''] = [results[at], failures[at]];
    if (result !== '') return endedStageOfTail(result) ?? FOREIGN;
    if (failure !== '') return failedStage(failure, false);
    const startedAt = startOf.get(stageJobId(run, stage));
    const sleeps = part?.record.nested?.has(stage);
    return active.has(stage) || sleeps ? { state: 'pending', ...(startedAt && { startedAt }) } : undefined;
  };
  const stages = children.slice(0, results.length).flatMap(({ stage }, at) => {
    const fact = factOf(stage, at);
    return fact ? [[stage, fact] as const] : [];
  });
  return {
    stages: new Map(stages),
    looked: results.length,
    active,
    failedAttempts: part?.record.failedAttempts ?? new Map(),
    ...(part?.record.nested && { nested: part.record.nested }),
  };
}
