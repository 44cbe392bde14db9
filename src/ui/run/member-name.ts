import { humanName } from '../words/stage-name.js';

/** A member of the evidence as people say it: `urgencyKeywords`, "Urgency keywords". */
export function memberName(name: string): string {
  return humanName(
    name.replace(/([a-z\d])([A-Z])/g, (_both, before: string, after: string) => `${before} ${after.toLowerCase()}`),
  );
}
