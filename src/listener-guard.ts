/**
 * What stands between the work and whoever listens to it. A listener is somebody else's code beside the work: a bug there
 * would otherwise burn attempts, and turn a saga round. So what it throws, at once or later, is logged and nothing else.
 */
import type { Logger } from './ports.js';

export interface ListenerGuard {
  /** What a listener answers; undefined when it throws, or answers with a promise, which nobody waits for. */
  attempt<T>(call: () => T): T | undefined;
  /** Does the work inside of what a listener puts around it: once, also when that fails, and with the work's own result. */
  within<T>(around: (work: () => T) => unknown, work: () => T): T;
}

/** A listener that fails fails with every job: one line in this time is enough. */
const QUIET_MS = 60_000;

export function createListenerGuard(logger: Logger | undefined, now = () => performance.now()): ListenerGuard {
  let quietUntil = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  function report(thrown: unknown): void {
    if (now() < quietUntil) {
      unsaid += 1;
      return;
    }
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const at = thrown instanceof Error ? thrown.stack?.split('\n')[1]?.trim() : undefined;
    logger?.error(
      { reason, ...(at !== undefined && { at }), ...(unsaid > 0 && { before: unsaid }) },
      'a telemetry listener failed; the work goes on without it',
    );
    quietUntil = now() + QUIET_MS;
    unsaid = 0;
  }

  return {
    attempt(call) {
      try {
        const answer = call();
        if (!isThenable(answer)) return answer;
        answer.then(undefined, report);
      } catch (thrown) {
        report(thrown);
      }
      return undefined;
    },
    within<T>(around: (work: () => T) => unknown, work: () => T): T {
      let ran: { readonly value: T } | { readonly thrown: unknown } | undefined;
      const once = (): T => {
        ran ??= resultOf(work);
        if ('thrown' in ran) throw ran.thrown;
        return ran.value;
      };
      try {
        const answer = around(once);
        if (isThenable(answer) && !(ran && 'value' in ran && ran.value === answer)) {
          answer.then(undefined, async (thrown: unknown) => {
            if (!(await failsWith(once, thrown))) report(thrown);
          });
        }
      } catch (thrown) {
        if (!(ran && 'thrown' in ran && ran.thrown === thrown)) report(thrown);
      }
      return once();
    },
  };
}

function resultOf<T>(work: () => T): { readonly value: T } | { readonly thrown: unknown } {
  try {
    return { value: work() };
  } catch (thrown) {
    return { thrown };
  }
}

/** Whether this is the work's own failure, which its caller is told. */
async function failsWith(work: () => unknown, thrown: unknown): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (own) {
    return own === thrown;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
