/**
 * `${NAME}` and `${NAME:-default}` inside the strings of a server's configuration.
 *
 * What was filled in may be a secret, so it is remembered: nothing that we print or log shows it (see redaction.ts).
 */
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

export type Environment = Readonly<Record<string, string | undefined>>;

export class MissingVariable extends Error {
  constructor(readonly variable: string) {
    super(`environment variable ${variable} is not set`);
  }
}

export class VariableExpander {
  readonly #environment: Environment;
  readonly #filledIn = new Set<string>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Every value that came from the environment so far. */
  get filledIn(): readonly string[] {
    return [...this.#filledIn];
  }

  /** Throws {@link MissingVariable}. */
  expand(text: string): string {
    return text.replace(VARIABLE, (_whole, name: string, fallback: string | undefined) => {
      const value = this.#environment[name];
      if (value) {
        this.#filledIn.add(value);
        return value;
      }
      if (fallback === undefined) throw new MissingVariable(name);
      return fallback;
    });
  }
}
