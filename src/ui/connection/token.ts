/** The bearer token, asked for once and kept for this tab only: closing it forgets the token. */

const KEPT_AS = 'switchyard.token';
const askers = new Set<(refused: string) => void>();

export function token(): string | undefined {
  return sessionStorage.getItem(KEPT_AS) ?? undefined;
}

export function rememberToken(given: string): void {
  sessionStorage.setItem(KEPT_AS, given);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEPT_AS);
}

/** Calls back when the server wants a token, or another one. */
export function onTokenAsked(ask: (refused: string) => void): () => void {
  askers.add(ask);
  return () => {
    askers.delete(ask);
  };
}

export function askForToken(): void {
  const refused = token() === undefined ? '' : 'The server refused this token.';
  for (const ask of askers) ask(refused);
}

export function authorization(): Readonly<Record<string, string>> {
  const known = token();
  return known === undefined ? {} : { authorization: `Bearer ${known}` };
}
