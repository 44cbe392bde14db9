/**
 * Lets Linux kill a server the moment its worker dies, however the worker dies.
 *
 * `setpriv --pdeathsig KILL -- server` asks the kernel for it and then becomes the server: same pid, same pipes. The
 * signal is tied to the *thread* that starts the server, which is the one the tool pool lives in; when that thread ends,
 * its pool and servers are over as well. A server that was started through a launcher (npx) is a grandchild and not
 * covered: it sees its stdin end. Where setpriv is absent or a cut-down one (BusyBox), servers start without the guard.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const CANDIDATES = ['/usr/bin/setpriv', '/bin/setpriv'];
const GUARD = ['--pdeathsig', 'KILL', '--'];
const run = promisify(execFile);

let probed: Promise<readonly string[]> | undefined;

/** The words to put before a server's command line; none where there is no guard. Asked once per process. */
export function parentDeathGuard(): Promise<readonly string[]> {
  probed ??= probe();
  return probed;
}

async function probe(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  for (const setpriv of CANDIDATES) {
    try {
      await run(setpriv, [...GUARD, process.execPath, '--version'], { timeout: 5_000 });
      return [setpriv, ...GUARD];
    } catch {
      // Absent, or without --pdeathsig: the next candidate, or no guard.
    }
  }
  return [];
}
