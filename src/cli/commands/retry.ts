import { userInfo } from 'node:os';
import type { Duration } from '../../config.js';
import { SwitchyardError } from '../../errors.js';
import type { Retried, RetryFilter } from '../../queues/retry-runs.js';
import { commandLog } from '../command-log.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { durationMs, type Settings, wholeNumber } from '../settings.js';
import type { Terminal } from '../terminal.js';
import { operate } from './operate.js';

export interface RetryOptions {
  readonly id?: string | undefined;
  readonly workflow?: string | undefined;
  readonly status?: string | undefined;
  readonly tag?: string | undefined;
  readonly since?: string | undefined;
  readonly limit?: string | undefined;
  readonly inDoubt?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly wait?: string | boolean | undefined;
}

/** One run, or all that fit. Of many: exit 0 when none was refused, else 1. */
export async function retry(settings: Settings, options: RetryOptions, terminal: Terminal): Promise<number> {
  const { id, wait, by = userInfo().username, reason } = options;
  const said = { by, ...(reason !== undefined && { reason }) };
  if (id !== undefined) {
    assertOne(options);
    return await operate(settings, { id, say: (run) => run.retry(said), wait }, terminal);
  }
  const filter = filterOf(options);
  const { out, err } = terminal;
  const project = await loadProject(settings.config);
  return await withSwitchyard(settings, project, commandLog(err, 'silent'), async (sy) => {
    const told: Retried[] = [];
    for await (const one of sy.retry(filter, said)) {
      told.push(one);
      if (!settings.json) out.write(`${one.run}  ${outcomeText(one, filter.dryRun === true)}\n`);
    }
    if (settings.json) out.write(`${JSON.stringify({ runs: told }, null, 2)}\n`);
    else out.write(`${told.length === 0 ? 'No runs fit.' : summaryText(told, filter.dryRun === true)}\n`);
    return told.some(({ outcome }) => outcome === 'refused') ? 1 : 0;
  });
}

function assertOne({ workflow, status, tag, since, limit, inDoubt, dryRun }: RetryOptions): void {
  if ([workflow, status, tag, since, limit, inDoubt, dryRun].every((option) => option === undefined)) return;
  throw new SwitchyardError('INVALID_INPUT', 'Give either the id of one run, or what all of them have in common.');
}

function filterOf({ workflow, status, tag, since, limit, inDoubt, dryRun, wait }: RetryOptions): RetryFilter {
  if (wait !== undefined) throw new SwitchyardError('INVALID_INPUT', '--wait is for one run: give its id.');
  if (workflow === undefined && status === undefined && tag === undefined) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      'Say what to retry: the id of a run, or --workflow, --status or --tag for all that fit. Look first: --dry-run.',
    );
  }
  return {
    ...(workflow !== undefined && { workflow }),
    // One that is none is refused by the engine, which lists those there are.
    ...(status !== undefined && { status: status as NonNullable<RetryFilter['status']> }),
    ...(tag !== undefined && { tag }),
    ...(since !== undefined && { since: durationMs('--since', since) as Duration }),
    ...(limit !== undefined && { limit: wholeNumber('--limit', limit, { min: 1, max: Number.MAX_SAFE_INTEGER }) }),
    ...(inDoubt && { inDoubt }),
    ...(dryRun && { dryRun }),
  };
}

function outcomeText({ outcome, as, error }: Retried, dryRun: boolean): string {
  switch (outcome) {
    case 'in-place':
      return dryRun ? 'would go on in its place' : 'goes on in its place';
    case 'anew':
      return dryRun ? 'would begin anew' : `begins anew as ${as}`;
    case 'before':
      return `was begun anew before, as ${as}`;
    case 'refused':
      return `refused: ${error?.message}`;
  }
}

function summaryText(told: readonly Retried[], dryRun: boolean): string {
  const count = (...outcomes: readonly Retried['outcome'][]) =>
    told.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const again = `${count('in-place', 'anew')} ${dryRun ? 'would be retried' : 'retried'}`;
  return [again, `${count('before')} begun anew before`, `${count('refused')} refused`].join(', ');
}
