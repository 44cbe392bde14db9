/**
 * What a worker of the crash test does besides its work: writes down each boundary that a run passes, stops the run where
 * it is to be killed, and carries out what else is ordered for it. It stands around the engine's ports and around each
 * task; in between is the engine as it is.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { WrappedPorts } from '../../engine/processing.js';
import { PermanentError } from '../../errors.js';
import type { ToolCaller } from '../../ports.js';
import { appendLine } from '../../servers/recording-proxy/record.js';
import { META } from '../../servers/recording-proxy/settings.js';
import type { TaskContext } from '../../task.js';
import { type Moment, type Order, sameBoundary } from './order.js';
import type { WorkerLine } from './record.js';

export interface RunWatchOptions {
  /** File of the record. */
  readonly record: string;
  readonly orderOf: (run: string) => Order;
  /** Whether this worker is one that is killed: others pass by what is ordered for those. */
  readonly isVictim: boolean;
}

interface Attempt {
  readonly run: string;
  readonly stage: string;
  readonly attempt: number;
}

/** What an order makes `returns` and tasks fail with. */
export const ORDERED = 'ordered by the crash test';

export class RunWatch {
  readonly #options: RunWatchOptions;
  readonly #current = new AsyncLocalStorage<Attempt>();

  constructor(options: RunWatchOptions) {
    this.#options = options;
  }

  orderOf(run: string): Order {
    return this.#options.orderOf(run);
  }

  write(line: WorkerLine): void {
    appendLine(this.#options.record, line);
  }

  /** Runs a task's code, unless it is ordered to refuse; `isPivot`: it is where a saga can turn round for the last time. */
  attempt(context: TaskContext, code: () => Promise<unknown> | unknown, isPivot: boolean): Promise<unknown> {
    const { run, stage, attempt } = context;
    return this.#current.run({ run, stage, attempt }, () =>
      this.#around(run, 'task', stage, async () => {
        const { refuse, turnRound } = this.orderOf(run);
        if ((isPivot && turnRound) || (refuse?.stage === stage && attempt >= refuse.fromAttempt)) {
          throw new PermanentError(`refusal of "${stage}", ${ORDERED}`);
        }
        this.write({ kind: 'ran', run, stage, attempt });
        return await code();
      }),
    );
  }

  wrap({ log, append, tools }: WrappedPorts): WrappedPorts {
    return {
      log: {
        ...log,
        beginEffect: (...args) => this.#around(args[0], 'intent', args[2], () => log.beginEffect(...args)),
        finishEffect: (...args) => this.#around(args[0], 'record', args[2], () => log.finishEffect(...args)),
        recordFailedAttempt: (...args) =>
          this.#around(args[0], 'failure', args[2], () => log.recordFailedAttempt(...args)),
        decideOnce: (...args) => this.#around(args[0], 'decision', '', () => log.decideOnce(...args)),
        end: (...args) => this.#around(args[0], 'end', '', () => log.end(...args)),
      },
      append: (definition, facts, fence, stages, phase) =>
        this.#around(facts.record.id, 'append', stages[0]?.stage ?? '', () =>
          append(definition, facts, fence, stages, phase),
        ),
      tools: { call: (...args) => this.#call(tools, ...args), close: () => tools.close() },
    };
  }

  async #around<T>(run: string, moment: Moment, stage: string, work: () => Promise<T>): Promise<T> {
    await this.#pass(run, { when: 'before', moment, stage });
    const result = await work();
    await this.#pass(run, { when: 'after', moment, stage });
    return result;
  }

  async #pass(run: string, boundary: { when: 'before' | 'after'; moment: Moment; stage: string }): Promise<void> {
    const { kill } = this.orderOf(run);
    const held = this.#options.isVictim && kill !== undefined && sameBoundary(kill, boundary);
    this.write({ kind: 'passed', run, held, ...boundary });
    // The process is killed while this waits; what is held elsewhere in it goes with it.
    if (held) await new Promise<never>(() => undefined);
  }

  #call(tools: ToolCaller, ...[capability, args, options]: Parameters<ToolCaller['call']>): Promise<unknown> {
    const of = this.#current.getStore();
    if (!of) return tools.call(capability, args, options);
    const { call } = this.orderOf(of.run);
    const struck = call?.stage === of.stage && of.attempt === 1 ? call : undefined;
    return tools.call(capability, args, {
      ...options,
      timeoutMs: Math.min(options.timeoutMs, struck?.timeoutMs ?? options.timeoutMs),
      meta: {
        ...options.meta,
        [META.stage]: of.stage,
        [META.attempt]: String(of.attempt),
        ...(struck && { [META.fault]: struck.fault }),
      },
    });
  }
}
