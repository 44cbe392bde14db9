/** What the demo's audience sees: live where somebody watches, plain lines elsewhere. */
import { SwitchyardError } from '../../errors.js';
import type { Run, RunState } from '../../queues/run-handle.js';
import { isUnsettled } from '../exit-code.js';
import { durationText } from '../render/duration.js';
import { LiveRegion } from '../render/live-region.js';
import { statusText } from '../render/status.js';
import { timelineLines } from '../render/timeline.js';
import { type Colors, clip, oneLine, type Screen, wrap } from '../terminal.js';

const INDENT = '   ';
const REDRAW_MS = 100;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** A run that has not ended after this long will not: the demo says so and goes on. */
const RUN_LIMIT_MS = 30_000;

export class Show {
  readonly #screen: Screen;
  readonly #region: LiveRegion;
  #over = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#region = new LiveRegion(screen);
  }

  get colors(): Colors {
    return this.#screen.colors;
  }

  /** Characters in an indented line. */
  get width(): number {
    return Math.min(this.#screen.columns, 120) - INDENT.length;
  }

  line(text = ''): void {
    if (this.#over) return;
    this.#region.clear();
    this.#screen.write(`${text === '' ? '' : INDENT}${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  title(text: string): void {
    if (this.#over) return;
    this.#region.clear();
    this.#screen.write(`\n ${this.colors.bold(text)}\n`);
  }

  story(text: string): void {
    for (const part of wrap(text, this.width)) this.line(this.colors.dim(part));
  }

  /** The last line; what is still being played is not shown any more. */
  end(text: string): void {
    this.line(text);
    this.#over = true;
  }

  /** Something that takes a moment, until the next line. */
  busy(text: string): void {
    if (!this.#over) this.#region.draw([`${INDENT}${this.colors.cyan('…')} ${text}`]);
  }

  done(text: string): void {
    this.line(`${this.colors.green('✓')} ${clip(text, this.width - 2)}`);
  }

  /** Follows a run to its end; its timeline stays, with the notes under it. */
  async watch<Out>(run: Run<Out>, notes: () => readonly string[] = () => []): Promise<RunState<Out>> {
    const lines = (state: RunState) => [...this.#timeline(state), ...notes(), this.#verdict(state)];
    const [ended] = await this.#follow([run], (states) => states.flatMap(lines));
    if (!ended) throw new SwitchyardError('INTERNAL', `run ${run.id} was followed, and has no state`);
    this.lines(lines(ended));
    return ended;
  }

  /** Follows several runs at once; nothing of them stays. */
  watchAll<Out>(runs: readonly Run<Out>[]): Promise<readonly RunState<Out>[]> {
    return this.#follow(runs, (states) =>
      states.map(
        ({ status, input }) => `${statusText(status, this.colors)}  ${clip(oneLine(JSON.stringify(input)), 60)}`,
      ),
    );
  }

  async #follow<Out>(
    runs: readonly Run<Out>[],
    draw: (states: readonly RunState<Out>[]) => readonly string[],
  ): Promise<readonly RunState<Out>[]> {
    const deadline = Date.now() + RUN_LIMIT_MS;
    for (let frame = 0; ; frame += 1) {
      const states = await Promise.all(runs.map((run) => run.wait(REDRAW_MS)));
      if (this.#over || states.every(({ status }) => !isUnsettled(status)) || Date.now() > deadline) {
        this.#region.clear();
        return states;
      }
      const spinner = this.colors.cyan(SPINNER[frame % SPINNER.length] ?? '');
      const lines = draw(states);
      this.#region.draw(lines.map((text, at) => `${at === lines.length - 1 ? ` ${spinner} ` : INDENT}${text}`));
    }
  }

  #timeline({ timeline }: RunState): readonly string[] {
    return timelineLines(timeline, { colors: this.colors, columns: this.width, now: Date.now() });
  }

  #verdict({ id, status, createdAt, finishedAt }: RunState): string {
    const took = durationText((finishedAt ?? Date.now()) - createdAt);
    const how = isUnsettled(status) ? `for ${took}` : `in ${took}`;
    return `${statusText(status, this.colors)} ${how}  ${this.colors.dim(id)}`;
  }
}
