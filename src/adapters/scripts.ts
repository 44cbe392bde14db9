/** Runs Lua on ioredis: by digest, and whole when a server does not know the text yet (new, restarted, or failed over). */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { SwitchyardError } from '../errors.js';
import type { Script, ScriptRunner } from '../ports.js';

/** Errors by which Redis says that it takes no writes for now: full, a replica, loading, failing over. */
const REFUSING =
  /^(OOM|MISCONF|READONLY|LOADING|BUSY|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNBLOCKED)\b|\b(OOM|READONLY|MISCONF|NOREPLICAS) /;

/** Messages by which Redis or ioredis says that nobody answered, as opposed to a script that failed. */
const UNREACHABLE =
  /^(Connection is closed|Command timed out|Socket timeout|Reached the max retries|Stream isn't writeable|connect E|read E)/;

export function createScriptRunner(client: Redis): ScriptRunner {
  const digests = new Map<string, string>();
  const digestOf = (script: Script) => {
    const known = digests.get(script.name);
    if (known) return known;
    const digest = createHash('sha1').update(script.lua).digest('hex');
    digests.set(script.name, digest);
    return digest;
  };
  return {
    async run(script, keys, args) {
      const operands = [...keys, ...args];
      try {
        return await client.evalsha(digestOf(script), keys.length, ...operands).catch((error: unknown) => {
          if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
          return client.eval(script.lua, keys.length, ...operands);
        });
      } catch (error) {
        throw outageOf(error) ?? error;
      }
    },
  };
}

/** What Redis or ioredis said, as REDIS_UNAVAILABLE when it means that nobody answered or that no writes are taken for now. */
export function outageOf(error: unknown): SwitchyardError | undefined {
  if (!(error instanceof Error)) return undefined;
  if (REFUSING.test(error.message)) {
    return new SwitchyardError(
      'REDIS_UNAVAILABLE',
      `Redis takes no writes: ${error.message}. Look at its memory (INFO memory), its disk and its role (INFO replication)`,
      { cause: error },
    );
  }
  if (!UNREACHABLE.test(error.message)) return undefined;
  return new SwitchyardError(
    'REDIS_UNAVAILABLE',
    `Redis did not answer: ${plainReason(error.message)}. Check that it runs and can be reached`,
    { cause: error },
  );
}

/** ioredis's words for people who did not choose its options. */
function plainReason(message: string): string {
  return message.startsWith('Reached the max retries') ? 'the connection is lost' : message.replace(/\.+$/, '');
}
