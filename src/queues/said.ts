/** What a person says of a run, and how it is refused. */
import { SwitchyardError } from '../errors.js';
import type { OperatorWord, RunRecord } from '../facts.js';
import type { Stopped } from '../orchestrators/move.js';

/** Who says it, and why; kept with the run. */
export interface Said {
  readonly by?: string;
  readonly reason?: string;
}

/** A word in answer to a question. */
export interface SaidAbout extends Said {
  /**
   * The stage that the question is about, as `questions` names it. A run that asks about another by now refuses the word:
   * what is decided of a newsletter must not be done to a payment. Without it, whatever is asked now is answered.
   */
  readonly stage?: string;
}

export function wordOf(
  command: OperatorWord['command'],
  stage: string | undefined,
  at: number,
  { by, reason }: { readonly by?: string | undefined; readonly reason?: string | undefined },
): OperatorWord {
  return {
    command,
    at,
    ...(stage !== undefined && { stage }),
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
  };
}

export function kindOf(reply: unknown): unknown {
  return Array.isArray(reply) ? reply[0] : undefined;
}

export function unknownRun(run: string): SwitchyardError {
  return new SwitchyardError(
    'UNKNOWN_RUN',
    `there is no run ${run}: it was never accepted here, or its retention is over`,
  );
}

export function illegal(run: string, why: string): SwitchyardError {
  return new SwitchyardError('ILLEGAL_STATE', `run ${run} ${why}`);
}

export function unknownWorkflow({ id, workflow, version }: RunRecord): SwitchyardError {
  return new SwitchyardError(
    'UNKNOWN_WORKFLOW',
    `run ${id} is of workflow "${workflow}" version ${version}, which is not one of this Switchyard's: say this where that version is`,
  );
}

/** Why a run cannot be cancelled; undefined when it is stopped, or undoes itself, as a cancelled one would. */
export function stopRefused(run: string, stopped: Stopped): SwitchyardError | undefined {
  switch (stopped.kind) {
    case 'unknown':
      return unknownRun(run);
    case 'ended':
      return illegal(run, 'has ended: there is nothing left to cancel');
    case 'past-pivot':
      return illegal(run, `is past its pivot "${stopped.step}": it can only go forward`);
    default:
      return undefined;
  }
}
