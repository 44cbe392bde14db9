/**
 * BullMQ's own scripts that add jobs, made callable from ours, so that accepting a run and appending to it are one atomic
 * script with a condition of our own.
 *
 * BullMQ offers adding jobs in one MULTI, but no condition on it, and a condition read beforehand is stale when a frozen
 * process wakes. So its texts are wrapped unchanged, each as a Lua function of its own KEYS and ARGV, above a main of
 * ours; their arguments come from BullMQ's own builder, handed a client that only writes down what it is given. That
 * leans on internals: the version is pinned, and `test/integration/queues/bullmq-adds.test.ts` fails when they change.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Job, type JobsOptions, type ParentKeyOpts, type Queue, type RedisClient } from 'bullmq';
import { SwitchyardError } from '../errors.js';
import type { Script } from '../ports.js';

const SCRIPT_FILES = {
  addStandardJob: 'addStandardJob-9',
  addPrioritizedJob: 'addPrioritizedJob-9',
  addDelayedJob: 'addDelayedJob-6',
  addParentJob: 'addParentJob-6',
} as const;

type AddScript = keyof typeof SCRIPT_FILES;

interface ScriptModule {
  readonly [name: string]: { readonly content: string; readonly keys: number } | undefined;
}

const require = createRequire(import.meta.url);

function bullmqScript(name: AddScript): { readonly content: string; readonly keys: number } {
  const script = (require(`bullmq/dist/cjs/scripts/${SCRIPT_FILES[name]}.js`) as ScriptModule)[name];
  if (!script) {
    throw new SwitchyardError(
      'INTERNAL',
      `bullmq has no script "${name}" any more: it is not the version that Switchyard is pinned to`,
    );
  }
  return script;
}

const ADDS = Object.fromEntries((Object.keys(SCRIPT_FILES) as AddScript[]).map((name) => [name, bullmqScript(name)]));

const PRELUDE = [
  'local bullmq = {}',
  ...Object.entries(ADDS).map(([name, { content }]) => `bullmq.${name} = function(KEYS, ARGV)\n${content}\nend`),
  'local function slice(list, from, count)',
  '  local part = {}',
  '  for i = 1, count do part[i] = list[from + i - 1] end',
  '  return part',
  'end',
].join('\n');

const text = (name: string): string => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

/** One of our texts in `lua/` that adds no job. */
export function ownScript(name: string): Script {
  return { name, lua: text(name) };
}

/** One of our texts in `lua/`, with BullMQ's adds above it. */
export function composedScript(name: string): Script {
  return { name, lua: [PRELUDE, text('leftovers'), text(name)].join('\n') };
}

/** One job to add, as an argument of a composed script. */
export interface JobToAdd {
  readonly script: string;
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
}

export interface AppendableJob extends JobToAdd {
  /** BullMQ's key of the job itself. */
  readonly job: string;
}

/**
 * Jobs as a composed script takes them, behind its own keys and arguments: their keys, in turn; then what each of them is
 * (JSON: `[{ script, keys, args, job }]`, with the numbers of its keys and arguments), and their arguments, in turn.
 */
export function packJobs(jobs: readonly AppendableJob[]): {
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
} {
  const shapes = jobs.map(({ script, keys, args, job }) => ({ script, keys: keys.length, args: args.length, job }));
  return {
    keys: jobs.flatMap((job) => job.keys),
    args: [JSON.stringify(shapes), ...jobs.flatMap((job) => job.args)],
  };
}

/** What BullMQ would send to add this job, without sending it. */
export async function jobToAdd(
  queue: Queue,
  name: string,
  data: object,
  options: JobsOptions & { readonly jobId: string },
  link: Pick<ParentKeyOpts, 'addToWaitingChildren' | 'parentDependenciesKey'> = {},
): Promise<JobToAdd> {
  const sent: { command: string; args: readonly (string | Buffer)[] }[] = [];
  const capture = {
    runCommand: (command: string, args: (string | Buffer)[]) => {
      sent.push({ command, args });
      return Promise.resolve(options.jobId);
    },
  };
  const job = new Job(queue, name, data, options, options.jobId);
  await job.addJob(capture as RedisClient, {
    ...link,
    ...(job.parentKey && { parentKey: job.parentKey, parentDependenciesKey: `${job.parentKey}:dependencies` }),
  });
  const [call] = sent;
  const script = call?.command.split(':')[0] ?? '';
  const known = ADDS[script];
  if (!call || !known)
    throw new SwitchyardError('INTERNAL', `bullmq adds a job by "${script}", which Switchyard does not know`);
  return { script, keys: call.args.slice(0, known.keys).map(String), args: call.args.slice(known.keys) };
}
