/** The idempotency key of a form whose own key was left empty: pressed again after an answer that was lost, it is the same run. */
const BYTES = 16;

/** Answers that say that this request made no run. A rate limit or a proxy says nothing of the press before. */
const REFUSED: ReadonlySet<number> = new Set([400, 404, 409, 413, 422]);

export interface StartKey {
  /** The same until it is renewed. */
  current(): string;
  /** The form was changed, or its run is made: what is started next is another. */
  renew(): void;
  /** Renews it where the answer says that nothing was made. */
  refused(status: number): void;
}

export function createStartKey(): StartKey {
  let key: string | undefined;
  const renew = () => {
    key = undefined;
  };
  return {
    renew,
    current() {
      key ??= `form-${randomText()}`;
      return key;
    },
    refused(status) {
      if (REFUSED.has(status)) renew();
    },
  };
}

/** Not `randomUUID`: browsers lack it on plain http, away from this machine. */
function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
