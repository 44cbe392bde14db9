import { SwitchyardError } from '../../errors.js';
import type { LimitChanges } from '../../queue-limits.js';
import type { QueueState } from '../../queues/queue-states.js';
import { commandLog } from '../command-log.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { durationText } from '../render/duration.js';
import { tableLines } from '../render/table.js';
import { durationMs, type Settings, wholeNumber } from '../settings.js';
import type { Colors, Terminal } from '../terminal.js';

export interface LimitOptions {
  readonly queue: string;
  readonly total?: string | undefined;
  readonly rate?: string | undefined;
  readonly clear?: boolean | undefined;
}

const MOST = 1_000_000;
const NONE = 'none';

export async function queues(settings: Settings, { out, err }: Terminal): Promise<number> {
  const project = await loadProject(settings.config);
  const states = await withSwitchyard(settings, project, commandLog(err, 'silent'), (sy) => sy.queues());
  if (settings.json) out.write(`${JSON.stringify({ queues: states }, null, 2)}\n`);
  else out.write(`${queueLines(states, out.colors).join('\n')}\n`);
  return 0;
}

export async function limit(settings: Settings, options: LimitOptions, { out, err }: Terminal): Promise<number> {
  const { queue } = options;
  const limits = limitsOf(options);
  const project = await loadProject(settings.config);
  return await withSwitchyard(settings, project, commandLog(err, 'silent'), async (sy) => {
    await sy.limit(queue, limits);
    const state = (await sy.queues()).find((one) => one.queue === queue);
    if (settings.json) out.write(`${JSON.stringify(state, null, 2)}\n`);
    else if (state) out.write(`Queue ${queue}: ${limitText(state, 'no limits')}.\n`);
    return 0;
  });
}

function limitsOf({ total, rate, clear }: LimitOptions): LimitChanges {
  const isLimited = total !== undefined || rate !== undefined;
  if ((clear === true) === isLimited) {
    throw new SwitchyardError('INVALID_INPUT', 'Say how: --total <n>, --rate <n/time>, or both; or --clear.');
  }
  return {
    ...(total !== undefined && {
      total: total === NONE ? NONE : wholeNumber('--total', total, { min: 1, max: MOST }),
    }),
    ...(rate !== undefined && { rate: rate === NONE ? NONE : rateOf(rate) }),
  };
}

function rateOf(text: string): { readonly max: number; readonly per: number } {
  const [max = '', per, ...more] = text.split('/');
  if (per === undefined || more.length > 0) {
    throw new SwitchyardError('INVALID_INPUT', `--rate is "${text}": give jobs and a time, such as 10/1s or 100/1m.`);
  }
  return { max: wholeNumber('--rate', max, { min: 1, max: MOST }), per: durationMs('--rate', per) };
}

function queueLines(states: readonly QueueState[], colors: Colors): readonly string[] {
  const header = ['QUEUE', 'WAITING', 'ACTIVE', 'DELAYED', 'LIMITS', ''].map((title) => colors.dim(title));
  const rows = states.map((state) => [
    state.queue,
    String(state.waiting),
    String(state.active),
    String(state.delayed),
    limitText(state),
    state.paused ? colors.yellow('paused') : '',
  ]);
  return tableLines([header, ...rows]);
}

function limitText({ total, rate, limitedBy }: QueueState, none = ''): string {
  const limits = [
    ...(total === undefined ? [] : [`${total} at once`]),
    ...(rate === undefined ? [] : [`${rate.max} in ${durationText(rate.perMs)}`]),
  ];
  const text = limits.join(', ') || none;
  return `${text}${text !== '' && limitedBy === 'command' ? ' (by command)' : ''}`;
}
