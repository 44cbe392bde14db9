import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { agoText, durationText } from '../../../src/cli/render/duration.js';
import { LiveRegion } from '../../../src/cli/render/live-region.js';
import { progressLines, runLines } from '../../../src/cli/render/run.js';
import { tableLines } from '../../../src/cli/render/table.js';
import { timelineLines } from '../../../src/cli/render/timeline.js';
import { clip, oneLine, wrap } from '../../../src/cli/terminal.js';
import type { RunDocument, TimelineEntry } from '../../../src/orchestrators/timeline.js';

const colors = pc.createColors(false);
const view = { colors, columns: 80, now: 2_000 };
const error = { code: 'TOOL_FAILED', message: 'the carrier refuses', retryable: false } as const;

function entry(name: string, from: number | null, to: number | null, more: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    name,
    kind: 'step',
    state: to === null ? (from === null ? 'waiting' : 'running') : 'completed',
    startedAt: from,
    finishedAt: to,
    attempts: to === null ? [] : [{ n: 1, startedAt: from, finishedAt: to }],
    ...more,
  };
}

function barOf(line: string | undefined): readonly [number, number] {
  const marks = [...(line ?? '')].map((character) => /[━╍·]/.test(character));
  return [marks.indexOf(true), marks.lastIndexOf(true)];
}

describe('durations', () => {
  it.each([
    [42.4, '42 ms'],
    [5_000, '5.0 s'],
    [125_000, '2 m 05 s'],
    [12_000_000, '3 h 20 m'],
    [353_000_000, '4 d 2 h'],
    [-5, '0 ms'],
  ])('%d is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it('an age is told in its largest unit', () => {
    const ages = [500, 12_000, 180_000, 7_200_000, 172_800_000].map((ms) => agoText(0, ms));
    expect(ages).toEqual(['just now', '12 s ago', '3 m ago', '2 h ago', '2 d ago']);
  });
});

describe('text from outside', () => {
  it('cannot move the cursor, ring, or begin a line', () => {
    expect(oneLine('a\u001b[2Jb\r\nc\u0007\u009bd\u2028e')).toBe('a [2Jb c d e');
  });

  it('is cut with an ellipsis and wrapped between words', () => {
    expect(clip('abcdef', 4)).toBe('abc…');
    expect(clip('abc', 3)).toBe('abc');
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  });
});

describe('a table', () => {
  it('is aligned, whatever its colours', () => {
    const painted = pc.createColors(true).red('b');
    const lines = tableLines([
      ['name', 'x'],
      [painted, 'y'],
    ]);
    expect(lines).toEqual(['name  x', `${painted}     y`]);
  });
});

describe('a timeline', () => {
  it('shows branches that ran at once under each other, and steps as a staircase', () => {
    const atOnce = timelineLines([entry('a', 0, 100), entry('b', 0, 50)], view).map(barOf);
    expect(atOnce[0]?.[0]).toBe(atOnce[1]?.[0]);
    const [first, second] = timelineLines([entry('a', 0, 100), entry('b', 100, 200)], view).map(barOf);
    expect(second?.[0]).toBeGreaterThanOrEqual(first?.[1] ?? Number.POSITIVE_INFINITY);
  });

  it('dashes the failed attempt, dots the pause, counts the attempts and says why', () => {
    const attempts = [
      { n: 1, startedAt: 0, finishedAt: 400, error },
      { n: 2, startedAt: 600, finishedAt: 1_000 },
    ];
    const [line, why] = timelineLines([entry('label', 0, 1_000, { attempts })], view);
    expect(line).toMatch(/╍+·+━+ +1\.0 s {2}2 attempts$/);
    expect(why).toContain('TOOL_FAILED: the carrier refuses');
  });

  it('draws what is running up to now, and nothing for what waits', () => {
    const [running, waiting] = timelineLines([entry('a', 0, null), entry('b', null, null)], view);
    expect(running).toMatch(/^▶ a {2}━+ +2\.0 s$/);
    expect(waiting).toBe('○ b');
  });

  it('of many entries shows thirty lines: those that failed, those that run, and how many more there are', () => {
    const many = Array.from({ length: 10_000 }, (_, at) =>
      at === 5_000
        ? entry(`n${at}`, 0, 10, { state: 'failed', attempts: [{ n: 1, startedAt: 0, finishedAt: 10, error }] })
        : entry(`n${at}`, at === 9_999 ? null : 0, at === 7_000 || at === 9_999 ? null : 10),
    );
    const lines = timelineLines(many, view);
    expect(lines).toHaveLength(31);
    expect(lines[0]).toMatch(/^✓ n0 /);
    expect(lines.slice(-4).map((line) => line.trim().split(/ +/).slice(0, 2).join(' '))).toEqual([
      '✗ n5000',
      'TOOL_FAILED: the',
      '▶ n7000',
      '… 9,971',
    ]);
    expect(lines.at(-1)).toBe('… 9,971 more: 9,970 completed, 1 waiting');
    expect(timelineLines(many.slice(0, 30), view)).toHaveLength(30);
    expect(timelineLines(many.slice(0, 30), { ...view, rows: 10 })).toHaveLength(10);
  });

  it('names undos, and why a branch was skipped', () => {
    const lines = timelineLines(
      [
        entry('charge.undo', 0, 10, { kind: 'undo' }),
        entry('weather', null, null, { kind: 'branch', state: 'skipped', reason: 'not asked' }),
      ],
      view,
    );
    expect(lines[0]).toMatch(/^✓ ↩ undo charge /);
    expect(lines[1]).toMatch(/^– weather +skipped: not asked$/);
  });

  it.each([80, 120, 40])('of a saga keeps within %d columns', (columns) => {
    const names = ['create_user_account', 'create_shipping_label', 'create_shipping_label.undo'];
    const entries = names.map((name, at) => entry(name, at * 10, at * 10 + 10));
    for (const line of timelineLines(entries, { ...view, columns: Math.max(60, columns) })) {
      expect(line.length).toBeLessThanOrEqual(Math.max(60, columns));
    }
  });
});

describe('a run', () => {
  const run: RunDocument = {
    id: 'order-0-k1',
    workflow: 'order',
    status: 'compensated',
    input: { note: 'line\nbreak' },
    output: { success: false },
    error: { ...error, step: 'label' },
    createdAt: 1_000,
    finishedAt: 1_500,
    timeline: [entry('label', 1_100, 1_200)],
  };

  it('says how it ended, how long it took, why, and what came out', () => {
    const text = runLines(run, view).join('\n');
    expect(text).toContain('order  ↩ compensated in 500 ms  order-0-k1');
    expect(text).toContain('TOOL_FAILED: the carrier refuses (step label)');
    expect(text).toContain('"success": false');
  });

  it('that waits for a person says when it was accepted: since when it waits is not known', () => {
    const { finishedAt: _ended, ...open } = run;
    expect(progressLines({ ...open, status: 'in_doubt' }, view)[0]).toContain('‼ in doubt accepted 1.0 s ago');
  });

  it('that has not ended says for how long it has been going on', () => {
    const { finishedAt: _ended, ...open } = run;
    expect(progressLines({ ...open, status: 'running' }, view)[0]).toContain('▶ running for 1.0 s');
  });
});

describe('a live region', () => {
  const screen = (isTty: boolean, rows = 24) => {
    const written: string[] = [];
    return { written, screen: { write: (text: string) => written.push(text), isTty, columns: 80, rows, colors } };
  };

  it('is drawn over what it drew before', () => {
    const { written, screen: tty } = screen(true);
    const region = new LiveRegion(tty);
    region.draw(['one', 'two']);
    region.draw(['three']);
    region.clear();
    expect(written[1]).toContain('\u001b[2A\r\u001b[0J');
    expect(written[2]).toBe('\u001b[1A\r\u001b[0J');
  });

  it('shows the last lines of what is higher than the window', () => {
    const { written, screen: tty } = screen(true, 3);
    new LiveRegion(tty).draw(['one', 'two', 'three']);
    expect(written[0]).not.toContain('one');
  });

  it('writes nothing where nobody watches', () => {
    const { written, screen: file } = screen(false);
    const region = new LiveRegion(file);
    region.draw(['one']);
    region.clear();
    expect(written).toEqual([]);
  });
});
