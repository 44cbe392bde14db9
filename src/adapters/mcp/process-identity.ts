/**
 * Who a process is beyond its number, which the system hands out again: Linux's boot id and the process's start time.
 */
import { readFileSync } from 'node:fs';

/** Undefined when no such process runs, when it is a zombie, or where there is no `/proc`. */
export function identityOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself; fields are counted from behind the last one.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTime = fields[18];
    return state === 'Z' || startTime === undefined ? undefined : `${boot}:${startTime}`;
  } catch {
    return undefined;
  }
}
