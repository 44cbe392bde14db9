/**
 * Facts that go from one effect of a saga to the next without being read again. What a definition's functions and its tasks are
 * given, they may change; so it is kept as JSON, as Redis keeps it, and made anew for each.
 */
import type { EffectDone, Facts, StageFact } from '../facts.js';

export interface KeptFacts {
  /** Of their record, `input` and `done` are not to be looked at. */
  readonly facts: Facts;
  /** JSON; absent where there is no input. */
  readonly input: string | undefined;
  /** By stage name: JSON of an `EffectDone`. */
  readonly done: ReadonlyMap<string, string>;
}

export function keepFacts(facts: Facts): KeptFacts {
  const { input, done } = facts.record;
  return {
    facts,
    input: JSON.stringify(input),
    done: new Map([...done].map(([stage, entry]) => [stage, JSON.stringify(entry)])),
  };
}

/** The same, once a stage is recorded as done. */
export function keptAfter(
  { facts, input, done }: KeptFacts,
  ended: { readonly stage: string; readonly fact: StageFact; readonly done: string },
): KeptFacts {
  const stages = new Map(facts.stages).set(ended.stage, ended.fact);
  return { facts: { ...facts, stages }, input, done: new Map(done).set(ended.stage, ended.done) };
}

export function madeAnew({ facts, input, done }: KeptFacts): Facts {
  const record = {
    ...facts.record,
    input: input === undefined ? undefined : JSON.parse(input),
    done: new Map([...done].map(([stage, json]): [string, EffectDone] => [stage, JSON.parse(json)])),
  };
  return { record, stages: facts.stages };
}
