/**
 * Jobs as arguments of the scripts that add them. What BullMQ would send to add a job comes from its own builder, handed
 * a client that only writes down what it is given.
 */
import { Job, type JobsOptions, type ParentKeyOpts, type Queue, type RedisClient } from 'bullmq';
import { SwitchyardError } from '../errors.js';
import { keysOfAdd } from './bullmq-scripts.js';

/** One job to add, as an argument of a composed script. */
export interface JobToAdd {
  readonly script: string;
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
}

export interface AppendableJob extends JobToAdd {
  /** BullMQ's key of the job itself. */
  readonly job: string;
  /** No child of the root, and there may be one already: a clock, with the time at which it is due; or what the run's end makes due. */
  readonly timer?: { readonly due: number } | 'at-end';
  /** Set for a stage that waits for an answer: it is not appended once it has one. */
  readonly waits?: { readonly stage: string; readonly of: 'person' | 'signal'; readonly input?: unknown };
}

/**
 * Jobs as a script takes them, behind its own keys and arguments: their keys, in turn; then what each of them is
 * (JSON: `[{ script, keys, args, job, timer?, stage?, asked? }]`, with the numbers of its keys and arguments), and their
 * arguments, in turn. `timer` is when a clock is due; `stage` and `asked` are those of a stage that waits. What it asks
 * travels as text, since Lua would make a list of an empty object.
 */
export function packJobs(jobs: readonly AppendableJob[]): {
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
} {
  const at = Date.now();
  const shapes = jobs.map(({ script, keys, args, job, timer, waits }) => ({
    script,
    keys: keys.length,
    args: args.length,
    job,
    ...(timer && { timer: timer === 'at-end' ? timer : String(timer.due) }),
    ...(waits && {
      stage: waits.stage,
      asked: JSON.stringify({ at, of: waits.of, ...(waits.input !== undefined && { input: waits.input }) }),
    }),
  }));
  return {
    keys: jobs.flatMap((job) => job.keys),
    args: [JSON.stringify(shapes), ...jobs.flatMap((job) => job.args)],
  };
}

/** What BullMQ would send to add this job, without sending it. */
export async function jobToAdd(
  queue: Queue,
  name: string,
  data: unknown,
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
  const keys = keysOfAdd(script);
  if (!call || keys === undefined)
    throw new SwitchyardError('INTERNAL', `bullmq adds a job by "${script}", which Switchyard does not know`);
  return { script, keys: call.args.slice(0, keys).map(String), args: call.args.slice(keys) };
}
