/** The run log on Redis: each write is one script of `lua/`, fenced on the writing job's lock. */
import { readFileSync } from 'node:fs';
import { END_NEWS_KEPT_MS, OUTPUTS_PAGE, type Retention } from '../config.js';
import { DROP_RUN } from '../drop-run.js';
import { SwitchyardError } from '../errors.js';
import type { EffectDone, EffectIntent, Facts, RunOutcome } from '../facts.js';
import { isForeignJob, type RedisKeys, RUNS_QUEUE, stageOfJobKey, timerJobId } from '../names.js';
import type { Fence, Fenced, RunLog, Script, ScriptRunner } from '../ports.js';
import { withForeignAttempts } from './foreign-jobs.js';
import { endedStage, factsOfReply, failedStage, type ReadFacts } from './run-facts.js';

const script = (name: string): Script => ({
  name,
  lua: readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8'),
});

const READ_FACTS = script('read-facts');
const READ_ENDS = script('read-ends');
const STANDING = script('standing');
const READ_MARK = script('read-mark');
const LOST_ANSWER = script('lost-answer');
const BEGIN_EFFECT = script('begin-effect');
const RECORD_ONCE = script('record-once');
const FORGET_CLOCK = script('forget-clock');
const END_RUN: Script = { name: 'end-run', lua: [DROP_RUN, script('end-run').lua].join('\n') };

const FENCED: Fenced = { kind: 'fenced-off' };

/** Pending children whose start is looked up when a run is shown; beyond them a run is too wide to watch one by one. */
const SHOWN_PENDING = 200;

export function createRunLog(scripts: ScriptRunner, keys: RedisKeys, retention: Retention): RunLog {
  const logBase = keys.log('');

  async function recordOnce(run: string, fence: Fence, field: string, value: unknown): Promise<string | undefined> {
    const reply = await scripts.run(
      RECORD_ONCE,
      [keys.log(run), fence.lockKey],
      [fence.token, field, JSON.stringify(value)],
    );
    const [kind, stands] = replyOf(RECORD_ONCE, reply, ['recorded', 'fenced-off']);
    return kind === 'recorded' ? stands : undefined;
  }

  /** What is left out of a run of very many stages, page by page: one reply of all would block Redis. */
  async function readEnds(run: string, { facts, unread }: ReadFacts): Promise<Facts> {
    const stages = new Map(facts.stages);
    for (const [name, ended] of [
      ['processed', endedStage],
      ['failed', failedStage],
    ] as const) {
      const children = unread[name];
      for (let from = 0; from < children.length; from += OUTPUTS_PAGE) {
        const page = children.slice(from, from + OUTPUTS_PAGE);
        const values = await scripts.run(READ_ENDS, [`${keys.root(run)}:${name}`], page);
        page.forEach((child, at) => {
          const value: unknown = Array.isArray(values) ? values[at] : '';
          if (typeof value === 'string' && value !== '')
            stages.set(stageOfJobKey(run, child), ended(value, isForeignJob(keys.prefix, child)));
        });
      }
    }
    return { record: facts.record, stages };
  }

  return {
    async read(run, options) {
      const reply = await scripts.run(
        READ_FACTS,
        [keys.log(run), keys.root(run)],
        [options?.starts ? SHOWN_PENDING : 0, OUTPUTS_PAGE, keys.prefix],
      );
      const read = factsOfReply(run, reply, keys.prefix);
      if (!read) return undefined;
      return withForeignAttempts(options?.outputs === 'all' ? await readEnds(run, read) : read.facts, read.foreign);
    },

    async mark(run) {
      const [kind] = replyOf(READ_MARK, await scripts.run(READ_MARK, [keys.log(run)], []), [
        'none',
        'goes-on',
        'stops',
      ]);
      return kind === 'none' ? undefined : { stopping: kind === 'stops' };
    },

    async lostAnswer(run, stage, { after, before }) {
      return Number(await scripts.run(LOST_ANSWER, [keys.log(run)], [stage, after, before])) === 1;
    },

    async beginEffect(run, fence, stage, intent, way) {
      const reply = await scripts.run(
        BEGIN_EFFECT,
        [keys.log(run), fence.lockKey],
        [fence.token, stage, JSON.stringify(intent), way],
      );
      const [kind, value] = replyOf(BEGIN_EFFECT, reply, ['begun', 'already-done', 'stopped', 'fenced-off']);
      if (kind === 'fenced-off') return FENCED;
      if (kind === 'stopped') return { kind };
      if (kind === 'already-done') return { kind, done: parse<EffectDone>(value) };
      return value ? { kind: 'begun', previous: parse<EffectIntent>(value) } : { kind: 'begun' };
    },

    async finishEffect(run, fence, stage, done) {
      return (await recordOnce(run, fence, `done/${stage}`, done)) === undefined ? FENCED : { kind: 'recorded' };
    },

    async recordFailedAttempt(run, fence, stage, attempt) {
      const stands = await recordOnce(run, fence, `attempt/${stage}/${attempt.n}`, attempt);
      return stands === undefined ? FENCED : { kind: 'recorded' };
    },

    async decideOnce(run, fence, decision) {
      const stands = await recordOnce(run, fence, 'decision', decision);
      return stands === undefined ? FENCED : { kind: 'decided', decision: parse<unknown>(stands) };
    },

    async recordSlaDue(run, fence, at) {
      return (await recordOnce(run, fence, 'slaDueAt', at)) === undefined ? FENCED : { kind: 'recorded' };
    },

    async forgetClock(run, fence, timer) {
      const clock = keys.job(RUNS_QUEUE, timerJobId(run, timer));
      const reply = await scripts.run(FORGET_CLOCK, [keys.log(run), fence.lockKey], [fence.token, clock]);
      const [kind] = replyOf(FORGET_CLOCK, reply, ['recorded', 'fenced-off']);
      return kind === 'recorded' ? { kind } : FENCED;
    },

    async standing(run) {
      const reply = await scripts.run(STANDING, [keys.log(run), keys.root(run)], []);
      const [completed, failed, planned] = Array.isArray(reply) ? reply.map(Number) : [];
      if (completed === undefined || failed === undefined || planned === undefined)
        throw new SwitchyardError('INTERNAL', `script ${STANDING.name} replied ${JSON.stringify(reply)}`);
      return { completed, failed, planned };
    },

    async end(run, fence, outcome, news) {
      const reply = await scripts.run(
        END_RUN,
        [keys.log(run), fence.lockKey, keys.settled, keys.stopping],
        [
          fence.token,
          JSON.stringify(outcome),
          outcome.status,
          run,
          keys.indexBase,
          logBase,
          outcome.finishedAt,
          retention.ageMs,
          retention.count,
          news ? JSON.stringify(news) : '',
          END_NEWS_KEPT_MS,
        ],
      );
      const [kind, stands] = replyOf(END_RUN, reply, ['ended', 'fenced-off']);
      return kind === 'ended' ? { kind, outcome: parse<RunOutcome>(stands) } : FENCED;
    },
  };
}

/** A script's reply is `[kind, value?]`; any other shape means that script and reader are of two versions. */
function replyOf<Kind extends string>(from: Script, reply: unknown, kinds: readonly Kind[]): readonly [Kind, string] {
  const [kind, value] = Array.isArray(reply) ? reply : [];
  const known = kinds.find((candidate) => candidate === kind);
  if (known === undefined)
    throw new SwitchyardError('INTERNAL', `script ${from.name} replied ${JSON.stringify(reply)}`);
  return [known, typeof value === 'string' ? value : ''];
}

/** Values that our own scripts wrote from our own types, and nobody else writes: their shape is not checked again. */
function parse<T>(json: string): T {
  return JSON.parse(json) as T;
}
