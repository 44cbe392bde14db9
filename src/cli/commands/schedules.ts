import { userInfo } from 'node:os';
import type { Priority } from '../../config.js';
import type { Switchyard } from '../../engine/engine.js';
import { SwitchyardError } from '../../errors.js';
import type { Schedule, ScheduleSpec } from '../../schedule.js';
import { parseTags } from '../../tags.js';
import { commandLog } from '../command-log.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { agoText, durationText } from '../render/duration.js';
import { tableLines } from '../render/table.js';
import { durationMs, type Settings } from '../settings.js';
import { type Colors, clip, oneLine, type Terminal } from '../terminal.js';
import { readInput } from './read-input.js';

export interface SetOptions {
  readonly name: string;
  readonly workflow?: string | undefined;
  readonly input?: string | undefined;
  readonly cron?: string | undefined;
  readonly every?: string | undefined;
  readonly tz?: string | undefined;
  readonly key?: string | undefined;
  readonly priority?: string | undefined;
  readonly tag?: readonly string[] | undefined;
}

export async function list(settings: Settings, { out, err }: Terminal): Promise<number> {
  const schedules = await withSchedules(settings, err, (one) => one.list());
  if (settings.json) out.write(`${JSON.stringify({ schedules }, null, 2)}\n`);
  else if (schedules.length > 0) out.write(`${scheduleLines(schedules, out.colors).join('\n')}\n`);
  else out.write("No schedules. Make one: switchyard schedules set <name> --workflow <name> --cron '0 2 * * *'\n");
  return 0;
}

/** What is not said stays as it is; of a new schedule the defaults stand. */
export async function set(settings: Settings, options: SetOptions, { out, err }: Terminal): Promise<number> {
  const { name } = options;
  const { schedule, before } = await withSchedules(settings, err, async (schedules) => {
    const known = (await schedules.list()).find((one) => one.name === name);
    const spec = await changedSpec(options, known);
    return { schedule: await schedules.upsert(name, spec), before: known };
  });
  if (settings.json) out.write(`${JSON.stringify(schedule, null, 2)}\n`);
  else out.write(`Schedule ${name}: ${nextText(schedule)}${before ? keptText(schedule) : ''}.\n`);
  return 0;
}

async function changedSpec(options: SetOptions, before: Schedule | undefined): Promise<ScheduleSpec> {
  const { every, key, priority, tag } = options;
  const workflow = options.workflow ?? before?.workflow;
  if (workflow === undefined) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `There is no schedule "${options.name}" yet: say what it runs, --workflow <name>.`,
    );
  }
  const times = options.cron === undefined && every === undefined;
  const cron = options.cron ?? (times ? before?.cron : undefined);
  const everyMs = every === undefined ? (times ? before?.everyMs : undefined) : durationMs('--every', every);
  const tz = options.tz ?? (every === undefined ? before?.tz : undefined);
  const known = { key: key ?? before?.key, priority: priority?.toUpperCase() ?? before?.priority };
  const tags = tag === undefined ? before?.tags : tag.includes(NONE) ? undefined : parseTags(tag);
  return {
    workflow,
    input: options.input === undefined && before ? before.input : await readInput(options.input),
    ...(cron !== undefined && { cron }),
    ...(everyMs !== undefined && { every: everyMs }),
    ...(tz !== undefined && { tz }),
    ...(known.key !== undefined && known.key !== NONE && { key: known.key }),
    // One that is none is refused by the engine, which lists those there are.
    ...(known.priority !== undefined && { priority: known.priority as Priority }),
    ...(tags && { tags }),
  };
}

/** Of a schedule that was there before, all of it: whoever changed one thing sees what else stands. */
function keptText(schedule: Schedule): string {
  const { workflow, input, key, priority, tags = {} } = schedule;
  const options = [
    ...(JSON.stringify(input) === '{}' ? [] : [`input ${clip(oneLine(JSON.stringify(input)), 60)}`]),
    ...(key === undefined ? [] : [`key ${key}`]),
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...Object.entries(tags).map(([tag, value]) => `tag ${tag}=${value}`),
  ];
  return `. It runs ${workflow}, ${[whenText(schedule), ...options].join(', ')}`;
}

export async function pause(
  settings: Settings,
  {
    name,
    by = userInfo().username,
    reason,
  }: { readonly name: string; readonly by?: string | undefined; readonly reason?: string | undefined },
  { out, err }: Terminal,
): Promise<number> {
  await withSchedules(settings, err, (one) => one.pause(name, { by, ...(reason !== undefined && { reason }) }));
  out.write(settings.json ? `${JSON.stringify({ name, paused: true })}\n` : `Schedule ${name} is paused.\n`);
  return 0;
}

export async function resume(settings: Settings, name: string, { out, err }: Terminal): Promise<number> {
  const found = await withSchedules(settings, err, async (schedules) => {
    await schedules.resume(name);
    return (await schedules.list()).find((one) => one.name === name);
  });
  if (settings.json) out.write(`${JSON.stringify(found, null, 2)}\n`);
  else out.write(`Schedule ${name}: ${found ? nextText(found) : 'it is gone'}.\n`);
  return 0;
}

export async function remove(settings: Settings, name: string, { out, err }: Terminal): Promise<number> {
  const removed = await withSchedules(settings, err, (schedules) => schedules.remove(name));
  if (settings.json) out.write(`${JSON.stringify({ name, removed })}\n`);
  else out.write(removed ? `Schedule ${name} is removed.\n` : `There was no schedule ${name}.\n`);
  return 0;
}

/** Takes a key, or the tags, away. */
const NONE = 'none';

async function withSchedules<T>(
  settings: Settings,
  err: Terminal['err'],
  work: (schedules: Switchyard['schedules']) => Promise<T>,
): Promise<T> {
  const project = await loadProject(settings.config);
  return await withSwitchyard(settings, project, commandLog(err, 'silent'), (sy) => work(sy.schedules));
}

function nextText({ next, paused }: Schedule): string {
  if (paused) return 'it is paused';
  return next === undefined ? 'it has no next tick' : `its next tick is ${new Date(next).toISOString()}`;
}

function scheduleLines(schedules: readonly Schedule[], colors: Colors): readonly string[] {
  const now = Date.now();
  const header = ['SCHEDULE', 'WORKFLOW', 'WHEN', 'NEXT', 'LAST', ''].map((title) => colors.dim(title));
  const rows = schedules.map((schedule) => [
    schedule.name,
    schedule.workflow,
    whenText(schedule),
    schedule.paused
      ? colors.yellow('paused')
      : schedule.next === undefined
        ? ''
        : new Date(schedule.next).toISOString(),
    lastText(schedule, now),
    noteText(schedule, now, colors),
  ]);
  return tableLines([header, ...rows]);
}

function whenText({ cron, everyMs, tz }: Schedule): string {
  return cron === undefined ? `every ${durationText(everyMs ?? 0)}` : `${cron} ${tz ?? 'UTC'}`;
}

function lastText({ last }: Schedule, now: number): string {
  if (!last) return '';
  return last.run === undefined ? agoText(last.tick, now) : `${last.run}, ${agoText(last.tick, now)}`;
}

function noteText({ workflow, last, missed, waits }: Schedule, now: number, colors: Colors): string {
  const notes = [
    ...(waits
      ? [colors.red(`no worker has workflow ${workflow}: a tick waits since ${agoText(waits.since, now)}`)]
      : []),
    ...(last?.error ? [colors.red(oneLine(`${last.error.code}: ${last.error.message}`))] : []),
    ...(missed ? [colors.yellow(`missed ${missed.count}, the last ${new Date(missed.to).toISOString()}`)] : []),
  ];
  return notes.join('; ');
}
