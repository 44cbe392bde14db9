/**
 * The words that stand for a person's decision. Not served unless they are asked for (`--operator`): a workflow that stops
 * for a yes is not stopped by an agent that may say yes itself; whether a charge happened is found out at its service, and not
 * guessed; and a signal is what somebody outside vouches for.
 */
import { z } from 'zod';
import type { Run } from '../../queues/run-handle.js';
import type { Said } from '../../queues/said.js';
import { afterwards } from './not-to-repeat.js';
import { answerOf, RunAnswer, toolResult } from './run-answer.js';
import { reason, runId } from './run-tools.js';
import { type ServedTool, servedTool, type ToolHost } from './served-tool.js';

const WORD = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };

const why = z.string().min(1).max(1_000).describe('why; kept with the run');
const stage = z.string().min(1).max(128).optional().describe('which one, where the run asks for several');
const about = z
  .string()
  .min(1)
  .max(128)
  .optional()
  .describe('`about` of the question: refused when the run asks about another stage by now');

export function operatorTools(host: ToolHost): readonly ServedTool[] {
  const word = <In extends z.ZodType<{ readonly id: string; readonly reason?: string | undefined }>>(
    name: string,
    description: string,
    input: In,
    say: (run: Run, args: z.output<In>, said: Said) => Promise<void>,
  ): ServedTool =>
    servedTool({
      name: `run_${name}`,
      title: `${name[0]?.toUpperCase()}${name.slice(1)} a run`,
      description: `${description} A person's decision: ask your user first.`,
      annotations: WORD,
      input,
      output: RunAnswer,
      async call(args, { by }) {
        const run = host.runs.run(args.id);
        await say(run, args, { by, ...(args.reason !== undefined && { reason: args.reason }) });
        return toolResult(answerOf(await afterwards(run.id, 'was told', run.describe), host.operator), 'said');
      },
    });
  return [
    word('approve', 'Says yes to what a run asks.', z.strictObject({ id: runId, stage, reason }), (run, args, said) =>
      run.approve({ ...said, ...stageIn(args) }),
    ),
    word('reject', 'Says no to what a run asks.', z.strictObject({ id: runId, stage, reason }), (run, args, said) =>
      run.reject({ ...said, ...stageIn(args) }),
    ),
    word(
      'resume',
      'Tries the stuck undo, or the stuck step past the point of no return, again.',
      z.strictObject({ id: runId, stage: about, reason }),
      (run, args, said) => run.resume({ ...said, ...stageIn(args) }),
    ),
    word(
      'resolve',
      'Says whether the effect happened that a run is in doubt or stuck about: look it up at its service by the key in `questions`.',
      z.strictObject({
        id: runId,
        stage: about,
        happened: z.boolean(),
        output: z.unknown().optional().describe('what the step returned, where later steps need it'),
        reason,
      }),
      (run, { happened, output, ...args }, said) =>
        run.resolve({ ...said, ...stageIn(args), happened, ...(output !== undefined && { output }) }),
    ),
    word(
      'skip',
      'Leaves the stuck undo undone and goes on with the others; the run ends failed and lists it.',
      z.strictObject({ id: runId, stage: about, reason: why }),
      (run, args, said) => run.skip({ ...said, ...stageIn(args), reason: args.reason }),
    ),
    word(
      'abandon',
      'Ends the run as failed, with all that is still due left undone.',
      z.strictObject({ id: runId, stage: about, reason: why }),
      (run, args, said) => run.abandon({ ...said, ...stageIn(args), reason: args.reason }),
    ),
    word(
      'signal',
      'Gives a run the value that one of its stages waits for, or will wait for.',
      z.strictObject({ id: runId, stage: z.string().min(1).max(128), value: z.unknown(), reason }),
      (run, args) => run.signal(args.stage, args.value ?? null),
    ),
  ];
}

function stageIn({ stage: named }: { readonly stage?: string | undefined }): { readonly stage?: string } {
  return named === undefined ? {} : { stage: named };
}
