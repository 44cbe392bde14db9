/**
 * Goes through what services list of the effects under our keys, and finds those that no run knows of. It only reads. The
 * services are read first and Redis after them: an effect that is listed has its intent on record by then, or has lost it.
 */
import { EFFECTS_PAGE, EffectPage, LIST_EFFECTS } from '../effect-listing.js';
import { SwitchyardError } from '../errors.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { type Orphan, orphanOf } from '../orchestrators/orphan-advice.js';
import { isAnsweredFor, judge, type KeyedEffect, keyedEffect, stepName } from '../orchestrators/orphans.js';
import type { RunLog, ToolCaller } from '../ports.js';
import type { RunKnowledge } from '../run-knowledge.js';

/** Effects in one call of a service, and so runs in one script. With keys of 512 bytes an answer still is small enough. */
const PAGE = Math.min(200, EFFECTS_PAGE.max);
const CALL_TIMEOUT_MS = 30_000;

export interface OrphansOptions {
  /** Capabilities that list effects, such as `commerce.list_effects`; each once. */
  readonly from: readonly string[];
}

/** An orphan, with the capability that listed it. */
export type FoundOrphan = Orphan & { readonly from: string };

export interface OrphanReport {
  readonly orphans: readonly FoundOrphan[];
  /** Effects of our workflows that were looked at, by the capability that listed them. */
  readonly effects: Readonly<Record<string, number>>;
  /** Effects without a run that happened before the oldest run that is still kept: most of these runs are over and forgotten. */
  readonly notJudged: number;
}

export interface FindOrphansDependencies {
  readonly tools: ToolCaller;
  readonly knowledge: RunKnowledge;
  readonly log: RunLog;
  /** Names of the workflows whose effects are looked for. */
  readonly workflows: readonly string[];
  readonly latest: (workflow: string) => WorkflowDefinition;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
}

/**
 * @throws SwitchyardError INVALID_INPUT without a capability to ask; what a tool call throws; ANSWER_MISMATCH;
 *   REDIS_UNAVAILABLE. A service that cannot be asked is no service without orphans, so there is no report then.
 */
export async function findOrphans(deps: FindOrphansDependencies, { from }: OrphansOptions): Promise<OrphanReport> {
  if (from.length === 0) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `no service lists its effects: give one a tool ${LIST_EFFECTS} that lists the keys it has honoured, or bind one`,
    );
  }
  const orphans: FoundOrphan[] = [];
  const effects: Record<string, number> = {};
  let notJudged = 0;
  for (const capability of new Set(from)) {
    effects[capability] = 0;
    for (const workflow of deps.workflows) {
      for await (const page of effectsOf(deps, capability, workflow)) {
        const judged = await judgePage(deps, workflow, page);
        orphans.push(...judged.orphans.map((orphan) => ({ from: capability, ...orphan })));
        notJudged += judged.notJudged;
        effects[capability] = (effects[capability] ?? 0) + page.length;
      }
    }
  }
  return { orphans, effects, notJudged };
}

/** Effects of one workflow, page by page, as one service lists them. */
async function* effectsOf(
  { tools }: FindOrphansDependencies,
  capability: string,
  workflow: string,
): AsyncGenerator<readonly KeyedEffect[]> {
  let after: string | undefined;
  do {
    const args = { prefix: `${workflow}-`, limit: PAGE, ...(after !== undefined && { after }) };
    const answer = await tools.call(capability, args, { timeoutMs: CALL_TIMEOUT_MS, safeToRepeat: true });
    const parsed = EffectPage.safeParse(answer);
    const next = parsed.data?.next;
    if (!parsed.success || (next !== undefined && next === after)) {
      throw new SwitchyardError(
        'ANSWER_MISMATCH',
        `${capability} does not list effects as it must: ${parsed.error?.issues[0]?.message ?? `its cursor "${next}" leads nowhere`}. See docs/operate.md`,
        { answered: true },
      );
    }
    // The name of another workflow may begin with this one's.
    yield parsed.data.effects.flatMap((listed) => {
      const effect = keyedEffect(listed);
      return effect?.workflow === workflow ? [effect] : [];
    });
    after = next;
  } while (after !== undefined);
}

/** By run; of an undo, the step that it takes back too. */
function stagesOf(page: readonly KeyedEffect[]): ReadonlyMap<string, readonly string[]> {
  const stages = new Map<string, string[]>();
  for (const effect of page) {
    const names = new Set([...(stages.get(effect.run) ?? []), effect.stage, stepName(effect)]);
    stages.set(effect.run, [...names]);
  }
  return stages;
}

async function judgePage(
  deps: FindOrphansDependencies,
  workflow: string,
  page: readonly KeyedEffect[],
): Promise<{ readonly orphans: readonly Orphan[]; readonly notJudged: number }> {
  if (page.length === 0) return { orphans: [], notJudged: 0 };
  const known = await deps.knowledge.of(workflow, stagesOf(page));
  const orphans: Orphan[] = [];
  let notJudged = 0;
  for (const effect of page) {
    const version = known.runs.get(effect.run)?.version;
    const pinned = version === undefined ? undefined : deps.definition(workflow, version);
    const definition = pinned ?? deps.latest(workflow);
    const verdict = judge(effect, known, definition);
    if (verdict === 'not-judged') notJudged += 1;
    if (verdict === 'fine' || verdict === 'not-judged') continue;
    // Only what is told of an orphan needs the whole record: there are few.
    const record = version === undefined ? undefined : (await deps.log.read(effect.run))?.record;
    // Its retention ended in between.
    if (version !== undefined && !record) continue;
    if (verdict === 'left-standing' && record && isAnsweredFor(record, effect.stage)) continue;
    orphans.push(orphanOf(verdict, effect, definition, record));
  }
  return { orphans, notJudged };
}
