/** Lines that are drawn again in place while something goes on; in a file or a pipe nothing is drawn. */
import type { Screen } from '../terminal.js';

const CLEAR_BELOW = '\u001b[0J';
/** A line that wraps would count as two, and the next redraw would start in the wrong place. */
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';

export class LiveRegion {
  readonly #screen: Screen;
  #drawn = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  draw(lines: readonly string[]): void {
    if (!this.#screen.isTty) return;
    // What has scrolled out of the window cannot be drawn over.
    const shown = lines.slice(-(this.#screen.rows - 1));
    this.#screen.write(`${this.#back()}${NO_WRAP}${shown.map((line) => `${line}\n`).join('')}${WRAP}`);
    this.#drawn = shown.length;
  }

  /** Takes the lines away, for what is to stay in their place. */
  clear(): void {
    if (!this.#screen.isTty || this.#drawn === 0) return;
    this.#screen.write(this.#back());
    this.#drawn = 0;
  }

  #back(): string {
    return this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\r${CLEAR_BELOW}`;
  }
}
