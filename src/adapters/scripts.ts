/** Runs Lua on ioredis: by digest, and whole when a server does not know the text yet (new, restarted, or failed over). */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { SwitchyardError } from '../errors.js';
import type { Script, ScriptRunner } from '../ports.js';

/** Messages by which Redis or ioredis says that nobody answered, as opposed to a script that failed. */
const UNREACHABLE =
  /^(Connection is closed|Command timed out|Reached the max retries|Stream isn't writeable|connect ECONN)/;

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
        return await client.evalsha(digestOf(script), keys.length, ...operands);
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('NOSCRIPT')) {
          return await client.eval(script.lua, keys.length, ...operands);
        }
        throw unreachable(error) ?? error;
      }
    },
  };
}

function unreachable(error: unknown): SwitchyardError | undefined {
  if (!(error instanceof Error) || !UNREACHABLE.test(error.message)) return undefined;
  return new SwitchyardError(
    'REDIS_UNAVAILABLE',
    `Redis did not answer: ${error.message}. Check that it runs and can be reached`,
    {
      cause: error,
    },
  );
}
