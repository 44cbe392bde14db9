/** A client that keeps its own journal: what it sent, what it was told, and when. It believes nothing but its journal. */
import { canonicalJson } from '../../src/canonical-json.js';
import type { Switchyard } from '../../src/engine/engine.js';
import { toSwitchyardError } from '../../src/errors.js';
import type { Submission, Telling } from '../../src/orchestrators/invariants/history.js';
import { otherInput, type PlannedRun } from './plan.js';

export class Client {
  readonly submissions: Submission[] = [];
  readonly tellings: Telling[] = [];

  constructor(
    private readonly sy: Switchyard,
    private readonly limit: `${number}s`,
  ) {}

  /** Submits the runs, at most `window` in flight, and waits for each. */
  async work(runs: readonly PlannedRun[], window: number, progress: (done: number) => void): Promise<void> {
    const left = [...runs];
    let done = 0;
    const lane = async () => {
      for (let run = left.shift(); run; run = left.shift()) {
        await this.#whole(run);
        progress(++done);
      }
    };
    await Promise.all(Array.from({ length: window }, lane));
  }

  /** Submits again what the plan says, once everything has ended. */
  async repeat(runs: readonly PlannedRun[]): Promise<void> {
    for (const run of runs) {
      if (run.again === 'same') await this.#submit(run, run.input);
      if (run.again === 'other') await this.#submit(run, otherInput(run));
    }
  }

  async #whole(run: PlannedRun): Promise<void> {
    if (!(await this.#submit(run, run.input))) return;
    try {
      const { status } = await this.sy.run(run.id).wait(this.limit);
      this.tellings.push({ run: run.id, status });
    } catch (thrown) {
      // That what was accepted is not there any more is for the checker to say, who finds it without a record.
      if (toSwitchyardError(thrown).code !== 'UNKNOWN_RUN') throw thrown;
    }
  }

  async #submit(run: PlannedRun, input: Readonly<Record<string, unknown>>): Promise<boolean> {
    const { workflow, key, options, ends } = run;
    const sent = { workflow, key, input: canonicalJson(input), ends };
    try {
      const { id, duplicate } = await this.sy.start(workflow, input, options);
      this.submissions.push({ ...sent, at: Date.now(), answer: { kind: 'accepted', run: id, duplicate } });
      return true;
    } catch (thrown) {
      const { code } = toSwitchyardError(thrown);
      this.submissions.push({ ...sent, at: Date.now(), answer: { kind: 'refused', code } });
      return false;
    }
  }
}
