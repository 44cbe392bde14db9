/** The fault file, read again whenever it changes; a change that cannot be read leaves the last good rules in force. */
import { readFileSync, statSync } from 'node:fs';
import { SwitchyardError } from '../errors.js';
import { type FaultRule, parseFaultRules } from './fault-rules.js';

export class FaultFile {
  readonly #path: string;
  readonly #log: (line: string) => void;
  #rules: readonly FaultRule[];
  #seen: string;

  /** Throws INVALID_CONFIG when the file is missing or bad. */
  constructor(path: string, log: (line: string) => void) {
    this.#path = path;
    this.#log = log;
    this.#seen = this.#fingerprint();
    this.#rules = this.#read();
  }

  /** The rules now. One `stat` a call; no watcher, which would miss a file that an editor replaces. */
  rules(): readonly FaultRule[] {
    const fingerprint = this.#fingerprint();
    if (fingerprint === this.#seen) return this.#rules;
    this.#seen = fingerprint;
    try {
      this.#rules = this.#read();
      this.#log(`fault rules read again from ${this.#path}: ${this.#rules.length}`);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      this.#log(`${why} The fault rules from before stay in force.`);
    }
    return this.#rules;
  }

  #fingerprint(): string {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? 'missing' : `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
  }

  #read(): readonly FaultRule[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SwitchyardError('INVALID_CONFIG', `The fault file ${this.#path} cannot be read: ${why}.`, { cause });
    }
    return parseFaultRules(text, this.#path);
  }
}
