/**
 * BullMQ's own scripts, made callable from ours, so that accepting a run, appending to it, stopping it and answering it
 * are each one atomic script with conditions of our own.
 *
 * BullMQ offers these moves one by one, and a condition read beforehand is stale when a frozen process wakes. So its
 * texts are wrapped unchanged, each as a Lua function of its own KEYS and ARGV, above a main of ours. That leans on
 * internals: the version is pinned, and `test/integration/queues/bullmq-adds.test.ts` fails when they change.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DROP_RUN } from '../drop-run.js';
import { SwitchyardError } from '../errors.js';
import type { Script } from '../ports.js';

const SCRIPT_FILES = {
  addStandardJob: 'addStandardJob-9',
  addPrioritizedJob: 'addPrioritizedJob-9',
  addDelayedJob: 'addDelayedJob-6',
  addParentJob: 'addParentJob-6',
  removeJob: 'removeJob-2',
  promote: 'promote-9',
  moveToDelayed: 'moveToDelayed-11',
  moveToFinished: 'moveToFinished-14',
} as const;

type BullmqScript = keyof typeof SCRIPT_FILES;

interface ScriptModule {
  readonly [name: string]: { readonly content: string; readonly keys: number } | undefined;
}

const require = createRequire(import.meta.url);

function load(name: BullmqScript): { readonly content: string; readonly keys: number } {
  const script = (require(`bullmq/dist/cjs/scripts/${SCRIPT_FILES[name]}.js`) as ScriptModule)[name];
  if (!script) {
    throw new SwitchyardError(
      'INTERNAL',
      `bullmq has no script "${name}" any more: it is not the version that Switchyard is pinned to`,
    );
  }
  return script;
}

const ADDS = ['addStandardJob', 'addPrioritizedJob', 'addDelayedJob', 'addParentJob'] as const;
const MOVES = ['removeJob', 'promote'] as const;

/** Number of KEYS of the script by which BullMQ adds a job, or undefined when it is none that we know. */
export function keysOfAdd(script: string): number | undefined {
  const known = ADDS.find((name) => name === script);
  return known && load(known).keys;
}

/** As functions `bullmq.<name>(KEYS, ARGV)`. */
function bullmqFunctions(names: readonly BullmqScript[]): string {
  return [
    'local bullmq = {}',
    ...names.map((name) => `bullmq.${name} = function(KEYS, ARGV)\n${load(name).content}\nend`),
  ].join('\n');
}

const SLICE = [
  'local function slice(list, from, count)',
  '  local part = {}',
  '  for i = 1, count do part[i] = list[from + i - 1] end',
  '  return part',
  'end',
].join('\n');

const text = (name: string): string => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

/** The same, with `drop-run.lua` above it. */
export function withDropRun({ name, lua }: Script): Script {
  return { name, lua: [DROP_RUN, lua].join('\n') };
}

/** The same, with `hold.lua` above it. */
export function withHold({ name, lua }: Script): Script {
  return { name, lua: [text('hold'), lua].join('\n') };
}

/** One that takes a job from the worker that has it. */
export function holdingScript(name: string): Script {
  return { name, lua: [bullmqFunctions(['moveToDelayed']), text(name)].join('\n') };
}

/** One of our texts in `lua/` that needs nothing of BullMQ's. */
export function ownScript(name: string): Script {
  return { name, lua: text(name) };
}

/** One that looks at jobs and changes none: `leftovers.lua` stands above it. */
export function lookingScript(name: string): Script {
  return { name, lua: [text('leftovers'), text(name)].join('\n') };
}

/** One that adds jobs: BullMQ's adds, `leftovers.lua` and `phases.lua` stand above it. */
export function addingScript(name: string): Script {
  return { name, lua: [bullmqFunctions(ADDS), SLICE, text('leftovers'), text('phases'), text(name)].join('\n') };
}

/** One that appends children to a root: `append-children.lua` too stands above it. */
export function appendingScript(name: string): Script {
  return withChildren(name, ADDS);
}

/** One that completes a job of an effect: BullMQ's `moveToFinished` too stands above it. */
export function finishingScript(name: string): Script {
  return withChildren(name, [...ADDS, 'moveToFinished']);
}

function withChildren(name: string, scripts: readonly BullmqScript[]): Script {
  const above = [text('leftovers'), text('phases'), text('append-children')];
  return { name, lua: [bullmqFunctions(scripts), SLICE, ...above, text(name)].join('\n') };
}

/** One that wakes a root or takes its children away: `wake.lua` and `phases.lua` stand above it. */
export function wakingScript(name: string): Script {
  return {
    name,
    lua: [bullmqFunctions(MOVES), text('leftovers'), text('phases'), text('wake'), text(name)].join('\n'),
  };
}
