/**
 * What a server must do before it is trusted with a call again: be there, and answer a ping. A call that found out instead
 * would pay for it with an attempt, and perhaps with an effect in doubt.
 */
import { SwitchyardError } from '../../errors.js';
import type { CallDeadline } from './call-deadline.js';
import type { ServerConnection } from './server-connection.js';

/** Within half of what is left of the call's time. Rejects with EndedEarly when the call ends, else with a SwitchyardError. */
export async function requirePing(connection: ServerConnection, deadline: CallDeadline): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const outOfPatience = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unready('it was not ready in time')), deadline.remainingMs / 2);
  });
  try {
    await deadline.race(Promise.race([ping(connection), outOfPatience]));
  } finally {
    clearTimeout(timer);
  }
}

async function ping(connection: ServerConnection): Promise<void> {
  const session = await connection.session();
  const answer = await session.ping(connection.settings.limits.health.timeoutMs);
  if (answer === 'unknown-session') connection.forget(session);
  if (answer !== 'unanswered') return;
  connection.recycle(session, 'it did not answer a ping');
  throw unready('it did not answer a ping');
}

function unready(why: string): SwitchyardError {
  return new SwitchyardError('TOOL_UNAVAILABLE', why);
}
