/** A worker process as the command holds it: told what to serve, and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parentDeathGuard } from '../../adapters/mcp/parent-death-guard.js';
import { SwitchyardError } from '../../errors.js';
import type { Order } from './order.js';
import { FromWorker, type Setup, type ToWorker } from './worker-orders.js';

const PROGRAM = fileURLToPath(new URL('./worker-program.js', import.meta.url));
const KEPT_LINES = 8;
/** Starting a process and loading a user's modules on a machine that is busy with other workers of ours. */
const ANSWER_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 3_000;

export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  readonly #lastWords: string[] = [];
  readonly #waiting = new Map<string, (message: FromWorker) => void>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    child.on('message', (raw) => this.#take(FromWorker.parse(raw)));
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      // Read to the end of the process: a full pipe would stop it.
      createInterface(stream).on('line', (line) => {
        this.#lastWords.push(line);
        if (this.#lastWords.length > KEPT_LINES) this.#lastWords.shift();
      });
    }
  }

  /** @throws SwitchyardError SERVER_START_FAILED with its last lines */
  static async start(setup: Omit<Setup, 'kind'>): Promise<WorkerProcess> {
    const [command = process.execPath, ...words] = [...(await parentDeathGuard()), process.execPath, PROGRAM];
    const worker = new WorkerProcess(
      spawn(command, words, {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // Ctrl-C is the command's: it ends its workers itself, in order.
        detached: process.platform !== 'win32',
      }),
    );
    try {
      await worker.#ask({ kind: 'setup', ...setup }, 'ready');
      return worker;
    } catch (error) {
      await worker.kill();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async serve(prefix: string, orders: Readonly<Record<string, Order>>): Promise<void> {
    await this.#ask({ kind: 'serve', prefix, orders }, `serving ${prefix}`);
  }

  async release(prefix: string): Promise<void> {
    await this.#ask({ kind: 'release', prefix }, `released ${prefix}`);
  }

  /** SIGKILL: at once, without clean-up. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  /** Lets it close its servers. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    await this.#gone;
    clearTimeout(killer);
  }

  #take(message: FromWorker): void {
    const about = 'prefix' in message ? `${message.kind} ${message.prefix}` : message.kind;
    // A failure concerns whatever it was asked: it does one thing after another only while it starts.
    const asked = message.kind === 'failed' ? [...this.#waiting.keys()] : [about];
    for (const name of asked) this.#waiting.get(name)?.(message);
  }

  async #ask(message: ToWorker, answer: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<FromWorker>((resolve) => this.#waiting.set(answer, resolve));
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), ANSWER_LIMIT_MS);
    });
    this.#child.send(message, () => undefined);
    const said = await Promise.race([answered, late, this.#gone.then(() => 'gone' as const)]);
    clearTimeout(timer);
    this.#waiting.delete(answer);
    if (typeof said === 'object' && said.kind !== 'failed') return;
    const lastWords = this.#lastWords.join(' | ') || '(no output)';
    const why =
      typeof said === 'object' ? said.message : `it ${said === 'late' ? 'did not answer' : 'ended'}: ${lastWords}`;
    throw new SwitchyardError('SERVER_START_FAILED', `A worker of the crash test could not start: ${why}`);
  }
}
