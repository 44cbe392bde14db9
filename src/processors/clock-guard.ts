/**
 * Keeps a worker whose clock is wrong from working. BullMQ stamps delays with the clock of whoever asks for them: with a
 * clock an hour ahead every backoff, put-back and delayed start fires at once, for all workers, or an hour late.
 *
 * A worker that is off by more than {@link CLOCK_SKEW_LIMIT_MS} against Redis takes no more jobs, says so once, and goes on
 * when its clock has been mended. What it has begun ends. When Redis does not answer, nothing is known and nothing changes.
 */
import { CLOCK_SKEW_LIMIT_MS, CLOCK_SKEW_MENDED_MS } from '../config.js';
import type { Clock, Logger } from '../ports.js';

export interface ClockGuardOptions {
  readonly clock: Clock;
  /** Redis's own time, ms since the epoch. */
  readonly redisNow: () => Promise<number>;
  readonly everyMs: number;
  readonly onSkewed: () => void;
  readonly onMended: () => void;
  readonly logger: Logger;
}

export interface ClockGuard {
  /** Resolves after the first look, before which no job should be taken. */
  start(): Promise<void>;
  stop(): void;
}

export function createClockGuard(options: ClockGuardOptions): ClockGuard {
  const { everyMs, onSkewed, onMended, logger } = options;
  let skewed = false;
  let looking = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    // A look that waits for Redis to come back is not joined by others.
    if (looking) return;
    looking = true;
    try {
      const { skewMs, doubtMs } = await measure(options);
      // Of a slow answer only so much is certain.
      const atLeastMs = Math.abs(skewMs) - doubtMs;
      if (!skewed && atLeastMs > CLOCK_SKEW_LIMIT_MS) {
        skewed = true;
        logger.warn({ skewMs }, skewText(skewMs));
        onSkewed();
      } else if (skewed && Math.abs(skewMs) + doubtMs <= CLOCK_SKEW_MENDED_MS) {
        skewed = false;
        logger.warn({ skewMs }, "this machine's clock agrees with that of Redis again: the worker takes jobs again");
        onMended();
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.debug({ reason }, 'asking Redis for its time failed; it is asked again');
    } finally {
      looking = false;
    }
  }

  return {
    async start() {
      await look();
      if (stopped) return;
      timer ??= setInterval(() => void look(), everyMs);
      timer.unref();
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** How far our clock is ahead of Redis's, and how much of that may be the time the answer took. */
async function measure({ clock, redisNow }: ClockGuardOptions): Promise<{ skewMs: number; doubtMs: number }> {
  // The timer's clock measures the way there and back: the other may be set in between.
  const [sentAt, from] = [clock.now(), performance.now()];
  const redis = await redisNow();
  const doubtMs = (performance.now() - from) / 2;
  return { skewMs: Math.round(sentAt + doubtMs - redis), doubtMs };
}

function skewText(skewMs: number): string {
  const by = `${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`;
  return `this machine's clock is ${by} that of Redis: delays would fire at the wrong time, so the worker takes no jobs until the clock is mended. Set it (NTP, chrony); the worker then goes on by itself`;
}
