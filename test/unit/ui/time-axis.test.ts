import { describe, expect, it } from 'vitest';
import { axisOf } from '../../../src/ui/run/time-axis.js';

const DAY = 86_400_000;

describe('the axis of a run', () => {
  it('is plain where work follows on work', () => {
    const { place, ticks, breaks } = axisOf(
      [
        { from: 100, to: 600 },
        { from: 600, to: 1_100 },
      ],
      100,
      1_100,
    );
    expect([100, 350, 600, 1_100].map(place)).toEqual([0, 0.25, 0.5, 1]);
    expect(ticks.map(({ label }) => label)).toEqual(['0', '+200 ms', '+400 ms', '+600 ms', '+800 ms', '+1 s']);
    expect(breaks).toEqual([]);
  });

  it('cuts out a day in which nobody answered, and says how long it was', () => {
    const { place, breaks } = axisOf(
      [
        { from: 0, to: 2_000 },
        { from: DAY, to: DAY + 2_000 },
      ],
      0,
      DAY + 2_000,
    );
    expect(breaks).toHaveLength(1);
    expect(breaks[0]?.label).toBe('23 h 59 min');
    expect(place(2_000)).toBeGreaterThan(0.4);
    expect(place(DAY) - place(2_000)).toBeLessThan(0.1);
    expect(place(DAY + 2_000)).toBeCloseTo(1);
  });

  it('keeps a wait that is short beside the work', () => {
    expect(
      axisOf(
        [
          { from: 0, to: 9_000 },
          { from: 15_000, to: 20_000 },
        ],
        0,
        20_000,
      ).breaks,
    ).toEqual([]);
  });

  it('never runs backwards, wherever spans overlap or lie outside', () => {
    const spans = [
      { from: 50, to: 500 },
      { from: -10, to: 20 },
      { from: 40, to: 60 },
      { from: 900, to: 4_000 },
    ];
    const { place } = axisOf(spans, 0, 1_000);
    const places = Array.from({ length: 101 }, (_none, at) => place(at * 10));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(place(-5)).toBe(0);
    expect(place(9_999)).toBe(1);
  });

  it('stands when nothing has begun', () => {
    expect(axisOf([], 5, 5).place(5)).toBe(0);
  });
});
