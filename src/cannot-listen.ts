/** An address that cannot be listened on, told alike by every server of ours. */
import { SwitchyardError } from './errors.js';

/** INVALID_CONFIG. @param remedy a sentence: what to choose otherwise, and by which option */
export function cannotListen(
  { host, port }: { readonly host: string; readonly port: number },
  cause: unknown,
  remedy: string,
): SwitchyardError {
  const why = isTaken(cause) ? 'another program has it' : cause instanceof Error ? cause.message : String(cause);
  return new SwitchyardError('INVALID_CONFIG', `Cannot listen on ${host}, port ${port}: ${why}. ${remedy}`, { cause });
}

/** Whether it is the error of {@link cannotListen} about an address that somebody else listens on. */
export function isAddressTaken(error: unknown): boolean {
  return error instanceof SwitchyardError && isTaken(error.cause);
}

function isTaken(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}
