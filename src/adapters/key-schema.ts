/**
 * The version of everything that we keep in Redis under one prefix, and the check of it at start: a process that knows
 * less than what is stored would read it wrongly and is refused; one that knows more brings it to its own version first.
 *
 * It is raised only by a change that the release before could not live with: a job's shape has a version of its own, which
 * old and new workers tell apart job by job (`schema.ts`). Processes of the release before do not look again once they
 * have started: before a release that raises this version, its predecessors are stopped.
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { SwitchyardError } from '../errors.js';
import { redisKeys } from '../names.js';
import type { Logger, Script } from '../ports.js';
import { RELEASE } from '../release.js';
import { createScriptRunner } from './scripts.js';

/**
 * Makes version `from + 1` of version `from`: the body of a Lua function of `prefix`. All of it is one script, during which
 * Redis serves nobody else; and a step may be begun again after it failed.
 */
export interface KeySchemaUpgrade {
  readonly from: number;
  readonly lua: string;
}

export interface KeySchema {
  readonly version: number;
  /** Of this package, for the message that says what to install. */
  readonly release: string;
  /** One for each version before ours. */
  readonly upgrades: readonly KeySchemaUpgrade[];
}

/** Version 1 is all that there has been, with the mark or, before there was one, without. */
const OURS: KeySchema = { version: 1, release: RELEASE, upgrades: [] };

const PACKAGE = 'switchyard-mq';
const MAIN = readFileSync(new URL('./lua/key-schema.lua', import.meta.url), 'utf8');

/** Redis's words for a user who may not run a command, or touch a key, from a script. */
const DENIED = /NOPERM|can't run this command|can't access/i;

/**
 * @throws SwitchyardError REDIS_UNSUITABLE: a later version is stored, the mark is none of ours, or the user may not set
 *   it; REDIS_UNAVAILABLE
 */
export async function assertKeySchema(
  client: Redis,
  prefix: string,
  logger: Logger,
  ours: KeySchema = OURS,
): Promise<void> {
  const keys = redisKeys(prefix);
  const scripts = createScriptRunner(client);
  // Most starts find their own version: a read alone, which a user without writes may do as well.
  if ((await client.hget(keys.schema, 'version')) === String(ours.version)) return;
  const reply = await scripts
    .run(scriptOf(ours), [keys.schema, keys.index('*', '*')], [ours.version, prefix, ours.release, Date.now()])
    .catch((error: unknown) => {
      throw error instanceof Error && DENIED.test(error.message) ? mayNotMark(keys.schema, error) : error;
    });
  const [kind, ...details]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  switch (kind) {
    case 'current':
    case 'marked':
      return;
    case 'upgraded':
      logger.info({ prefix, from: details[0], to: ours.version }, 'brought what is stored in Redis to this version');
      return;
    default:
      throw refused(prefix, keys.schema, ours, [kind, ...details].map(String));
  }
}

/** The version of what is stored and who wrote it, as it stands; undefined where nothing is. */
export async function readKeySchema(
  client: Redis,
  prefix: string,
): Promise<{ readonly found: string | undefined; readonly by: string | undefined; readonly ours: number }> {
  const [found, by] = await client.hmget(redisKeys(prefix).schema, 'version', 'release');
  return { found: found ?? undefined, by: by ?? undefined, ours: OURS.version };
}

function scriptOf({ version, upgrades }: KeySchema): Script {
  const steps = upgrades.map(({ from, lua }) => `upgrades[${from}] = function(prefix)\n${lua}\nend`);
  return { name: `key-schema-${version}`, lua: ['local upgrades = {}', ...steps, MAIN].join('\n') };
}

function refused(
  prefix: string,
  key: string,
  { version, release }: KeySchema,
  [kind, found, by]: readonly string[],
): SwitchyardError {
  if (kind === 'newer') {
    return new SwitchyardError(
      'REDIS_UNSUITABLE',
      `What is stored under ${prefix} has version ${found}, written by ${PACKAGE} ${by || 'of a later release'}; this is ${release}, which knows version ${version}. Install ${PACKAGE} ${by ? `${by} or newer` : 'in that release'}, or use another \`prefix\`.`,
    );
  }
  if (kind === 'unreadable') {
    return new SwitchyardError(
      'REDIS_UNSUITABLE',
      `${key} holds version "${found}", which ${PACKAGE} has never written. If nobody else uses this prefix, remove that key and start again.`,
    );
  }
  return new SwitchyardError(
    'INTERNAL',
    `script key-schema replied ${[kind, found].join(' ')}: no upgrade leads to ${version}`,
  );
}

function mayNotMark(key: string, cause: Error): SwitchyardError {
  return new SwitchyardError(
    'REDIS_UNSUITABLE',
    `${key} is not there yet or is of an earlier version, and this user of Redis may not write it. Start a worker of this release first, or use its user.`,
    { cause },
  );
}
