/**
 * Takes configured secrets out of text that is about to be shown: a server may print its own key when it fails to start.
 *
 * Also as JSON and URLs would write them. Whoever cuts a text does so afterwards: half a secret is not recognised.
 *
 * Values shorter than six characters are left alone: "1" or "true" as an environment value would blot out everything.
 */
const SHORTEST_SECRET = 6;

export type Redact = (text: string) => string;

export function redactorOf(values: Iterable<string>): Redact {
  // Longest first, or a secret that contains another would be taken out in part only.
  const written = [...values].flatMap((value) => [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
  ]);
  const secrets = [...new Set(written)]
    .filter((value) => value.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), text);
}
