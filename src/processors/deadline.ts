/** How long an attempt may take, loading its code included. */
import { SwitchyardError } from '../errors.js';
import type { Task } from '../task.js';
import { RUN_STOPS } from './job.js';

/** The attempt's own signal: aborted at the task's timeout, or with the job's. */
export class Deadline {
  readonly expired: Promise<never>;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly endsAt: number;
  private readonly onJobAbort: () => void;
  private begun = false;

  constructor(
    { task, stage }: { readonly task: Task; readonly stage: string },
    private readonly jobSignal: AbortSignal,
  ) {
    // The timer's clock, not the wall's: a clock that is set during the attempt must not lengthen or cut it.
    this.endsAt = performance.now() + task.timeoutMs;
    let fail: (error: SwitchyardError) => void = () => {};
    this.expired = new Promise<never>((_resolve, reject) => {
      fail = (error) => {
        this.controller.abort(error);
        reject(error);
      };
    });
    // The race may be decided before: a rejection that nobody awaits any more must not end the process.
    this.expired.catch(() => {});
    this.timer = setTimeout(
      () =>
        fail(
          new SwitchyardError(
            'TIMEOUT',
            `${this.begun ? '' : 'loading the code of '}task "${task.name}" (${stage}) took longer than its timeout of ${task.timeoutMs} ms`,
            this.doubt,
          ),
        ),
      task.timeoutMs,
    );
    this.onJobAbort = () =>
      fail(
        new SwitchyardError(
          jobSignal.reason === RUN_STOPS ? 'CANCELLED' : 'WORKER_LOST',
          `the attempt at "${stage}" was stopped: ${String(jobSignal.reason)}`,
          this.doubt,
        ),
      );
    if (jobSignal.aborted) this.onJobAbort();
    else jobSignal.addEventListener('abort', this.onJobAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /**
   * The task's code is about to run; from here on nobody knows what an attempt that is cut short has done.
   * @throws what ended the attempt, when it is over: code that was loaded too late must not run beside the next attempt
   */
  begin(): void {
    this.signal.throwIfAborted();
    this.begun = true;
  }

  private get doubt(): { readonly answered?: false } {
    return this.begun ? { answered: false } : {};
  }

  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.endsAt - performance.now()));
  }

  clear(): void {
    clearTimeout(this.timer);
    this.jobSignal.removeEventListener('abort', this.onJobAbort);
  }
}
