/** Stands between a server and its tools, and makes ordered faults happen. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultCounters } from './fault-counters.js';
import type { FaultRule } from './fault-rules.js';
import { ToolFailure } from './tool-failure.js';

interface FaultGateParts {
  readonly rules: () => readonly FaultRule[];
  readonly counters: FaultCounters;
  /** Ends the process as a crash would: at once, without clean-up. */
  readonly die: () => void;
}

interface Strike {
  readonly rule: FaultRule;
  /** "2 of 3", for the message. */
  readonly ordinal: string;
}

export class FaultGate {
  readonly #parts: FaultGateParts;

  constructor(parts: FaultGateParts) {
    this.#parts = parts;
  }

  /** Runs `effect`, unless a rule orders otherwise. Throws ORDERED_FAULT, or what the effect throws. */
  async around<T>(tool: string, args: object, signal: AbortSignal, effect: () => Promise<T>): Promise<T> {
    const strike = this.#strike(tool, args);
    if (!strike) return effect();
    const { rule } = strike;
    if (rule.delayMs !== undefined) await sleep(rule.delayMs, undefined, { signal });
    if (rule.dieAfterEffect) {
      const answer = await effect();
      this.#parts.die();
      return answer;
    }
    if (!rule.hang && rule.fail === undefined) return effect();
    if (rule.when === 'after') await effect();
    if (rule.hang) return cancelled(signal);
    throw orderedFault(tool, strike);
  }

  #strike(tool: string, args: object): Strike | undefined {
    const text = JSON.stringify(args);
    for (const rule of this.#parts.rules()) {
      if (rule.tool !== tool || (rule.match !== undefined && !text.includes(rule.match))) continue;
      const limit = rule.fail ?? (rule.dieAfterEffect ? 1 : 'always');
      if (limit === 'always') return { rule, ordinal: 'as always' };
      const count = this.#parts.counters.strike(rule, args, limit);
      if (count !== undefined) return { rule, ordinal: `${count} of ${limit}` };
    }
    return undefined;
  }
}

function orderedFault(tool: string, { rule, ordinal }: Strike): ToolFailure {
  const message = rule.message ?? `${tool} fails because the fault file orders it (${ordinal}).`;
  const { retryable, retryAfterMs } = rule;
  return new ToolFailure('ORDERED_FAULT', message, { retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** Rejects when the call is cancelled, and never before. */
function cancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => reject(new ToolFailure('CANCELLED', 'The call was cancelled.'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
