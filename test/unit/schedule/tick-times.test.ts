/** When schedules tick, by BullMQ's reader of cron patterns, on the days on which clocks are put forward and back. */
import { describe, expect, it } from 'vitest';
import { nextTick, ticksBetween } from '../../../src/queues/tick-times.js';
import { checkSchedule, inputOfTick, keyOfTick } from '../../../src/schedule.js';

const at = (iso: string) => new Date(iso).getTime();

function ticks(times: { cron: string; tz?: string }, from: string, count: number): readonly string[] {
  const found: number[] = [];
  while (found.length < count) found.push(nextTick(times, found.at(-1) ?? at(from)));
  return found.map((tick) => new Date(tick).toISOString());
}

describe('a daily tick', () => {
  it('is at one time of the day the whole year, whatever the zone is ahead of UTC', () => {
    const berlin = { cron: '0 6 * * *', tz: 'Europe/Berlin' };
    expect(ticks(berlin, '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T05:00:00.000Z',
      '2026-03-29T04:00:00.000Z',
      '2026-03-30T04:00:00.000Z',
    ]);
    expect(ticks(berlin, '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T05:00:00.000Z', '2026-10-26T05:00:00.000Z']);
  });

  it('whose hour is left out when clocks are put forward comes an hour later that day, and is not lost', () => {
    // 02:30 does not exist on 29 March in Berlin: it is 03:30 summer time.
    expect(ticks({ cron: '30 2 * * *', tz: 'Europe/Berlin' }, '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('whose hour comes twice when clocks are put back comes once that day', () => {
    // 02:30 comes twice on 25 October in Berlin, at 00:30 and at 01:30 UTC.
    const october = ticks({ cron: '30 2 * * *', tz: 'Europe/Berlin' }, '2026-10-24T12:00:00Z', 2);
    expect(october.map((tick) => tick.slice(0, 10))).toEqual(['2026-10-25', '2026-10-26']);
  });

  it('is in UTC where no zone is given, wherever the process runs', () => {
    expect(ticks({ cron: '0 2 * * *' }, '2026-07-01T00:00:00Z', 1)).toEqual(['2026-07-01T02:00:00.000Z']);
  });
});

it('an hourly tick comes in each hour that there is, 23 on the day of summer time and 25 on the day of its end', () => {
  const hourly = { cron: '0 * * * *', tz: 'Europe/Berlin' };
  const during = (from: string, to: string) => ticksBetween(hourly, at(from) - 3_600_000, at(to))?.count;
  expect(during('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')).toBe(23);
  expect(during('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z')).toBe(25);
});

describe('ticks that were missed', () => {
  it('are those between the one that is taken up late and the one that is next', () => {
    const nightly = { cron: '0 2 * * *' };
    expect(ticksBetween(nightly, at('2026-11-24T02:00:00Z'), at('2026-11-28T02:00:00Z'))).toEqual({
      from: at('2026-11-25T02:00:00Z'),
      to: at('2026-11-27T02:00:00Z'),
      count: 3,
    });
    expect(ticksBetween(nightly, at('2026-11-24T02:00:00Z'), at('2026-11-25T02:00:00Z'))).toBeUndefined();
  });

  it('of an interval are counted by it', () => {
    expect(ticksBetween({ everyMs: 60_000 }, 0, 60_000)).toBeUndefined();
    expect(ticksBetween({ everyMs: 60_000 }, 0, 300_000)).toEqual({ from: 60_000, to: 240_000, count: 4 });
  });

  it('are not counted without end', () => {
    expect(ticksBetween({ cron: '* * * * * *' }, 0, at('2026-01-01T00:00:00Z'))?.count).toBe(500);
  });
});

describe('a schedule', () => {
  it.each([
    [{}, 'either `cron` or `every`'],
    [{ cron: '0 2 * * *', every: '1h' }, 'either `cron` or `every`'],
    [{ cron: '0 2' }, 'five or six fields'],
    [{ cron: '0 2 * * *', tz: 'Mars/Olympus' }, 'no time zone'],
    [{ every: '1h', tz: 'UTC' }, 'knows no time zone'],
    [{ every: '10ms' }, 'every is "10ms"'],
    [{ cron: '0 2 * * *', key: 'report' }, 'put {tick} or {date} into its key'],
    [{ cron: '0 2 * * *', key: `{tick}${'x'.repeat(250)}` }, 'at most 256 fit'],
    [{ cron: '0 2 * * *', priority: 'URGENT' as 'LOW' }, 'priority "URGENT" is unknown'],
    [{ cron: '0 2 * * *', tags: { 'no name': 'x' } }, 'has no name'],
  ] as const)('as %j is refused', (spec, why) => {
    expect(() => checkSchedule('nightly', { workflow: 'w', ...spec })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(why) }),
    );
  });

  it.each(['61 2 * * *', '0 2 31 2 *', 'a b c d e'])('by the cron %j, which never comes, is refused', (cron) => {
    expect(() => nextTick({ cron }, Date.now())).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('gives each tick a key and an input of its own, with the date as its zone has it', () => {
    const tick = at('2026-03-28T23:30:00Z');
    const record = checkSchedule('nightly', {
      workflow: 'w',
      cron: '30 0 * * *',
      tz: 'Europe/Berlin',
      input: { day: '{date}', at: ['{tick}'], text: 'of {date}', n: 1 },
    });
    expect(keyOfTick('nightly', record, tick)).toBe('nightly 2026-03-28T23:30:00.000Z');
    expect(keyOfTick('nightly', { ...record, key: 'report-{date}' }, tick)).toBe('report-2026-03-29');
    expect(inputOfTick(record, tick)).toEqual({
      day: '2026-03-29',
      at: ['2026-03-28T23:30:00.000Z'],
      text: 'of {date}',
      n: 1,
    });
  });
});
