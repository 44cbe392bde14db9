import { expect, test } from 'vitest';
import { createSharedPolls, type SharedPollOptions } from '../../../src/api/live/polls.js';
import { SwitchyardError } from '../../../src/errors.js';
import { silentLog } from '../../support/silent-log.js';
import { signal } from '../../support/workflows.js';

const options: Omit<SharedPollOptions<number>, 'read'> = {
  idOf: String,
  everyMs: () => 1,
  isLast: (state) => state >= 9,
  log: silentLog,
};
const nobody = { changed: () => undefined, gone: () => undefined };

test('it begins with the first who watches and ends with the last', async () => {
  let reads = 0;
  const read = async () => {
    reads += 1;
    return 1;
  };
  const polls = createSharedPolls({ ...options, read });
  expect(polls.keys()).toEqual([]);
  const watches = await Promise.all([polls.watch('a', nobody), polls.watch('a', nobody), polls.watch('b', nobody)]);
  expect(reads).toBe(2);
  expect(polls.keys()).toEqual(['a', 'b']);
  await expect.poll(() => reads).toBeGreaterThan(5);
  for (const watch of watches) watch.leave();
  expect(polls.keys()).toEqual([]);
});

test('a change is told once to each, and whoever comes back with its name is known', async () => {
  let state = 1;
  const told: number[][] = [[], []];
  const polls = createSharedPolls({ ...options, read: async () => state });
  const [first, second] = await Promise.all(
    told.map((list) => polls.watch('a', { changed: (now) => list.push(now), gone: () => undefined })),
  );
  expect(first?.state).toBe(1);
  state = 2;
  await expect.poll(() => told).toEqual([[2], [2]]);
  expect(second?.known('1')).toBe(1);
  expect(second?.known('3')).toBeUndefined();
  first?.leave();
  state = 9;
  await expect.poll(() => told).toEqual([[2], [2, 9]]);
  // The last state: nothing comes after it.
  await expect.poll(() => polls.keys()).toEqual([]);
});

test('a look that fails is made again; after two in a row whoever watches is let go, and comes back to another poller', async () => {
  const looks: ('fails' | number)[] = [1, 'fails', 2, 'fails', 'fails'];
  const told: number[] = [];
  const read = async () => {
    const look = looks.shift() ?? 3;
    if (look === 'fails') throw new SwitchyardError('REDIS_UNAVAILABLE', 'no answer');
    return look;
  };
  const polls = createSharedPolls({ ...options, read, retryMs: 1 });
  const gone = signal();
  await polls.watch('a', { changed: (state) => told.push(state), gone: gone.happen });
  await gone.happened;
  expect(told).toEqual([2]);
  expect(looks).toEqual([]);
  expect(polls.keys()).toEqual([]);
  const watch = await polls.watch('a', nobody);
  expect(watch.state).toBe(3);
  watch.leave();
});

test('what cannot be read at first is told to whoever asks; later it is tried again, unless there is nothing any more', async () => {
  let answer: () => number = () => {
    throw new SwitchyardError('UNKNOWN_RUN', 'no');
  };
  const polls = createSharedPolls({ ...options, read: async () => answer() });
  await expect(polls.watch('a', nobody)).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
  expect(polls.keys()).toEqual([]);
  answer = () => 1;
  const gone = signal();
  await polls.watch('a', { changed: () => undefined, gone: gone.happen });
  answer = () => {
    throw new SwitchyardError('UNKNOWN_RUN', 'its retention is over');
  };
  await gone.happened;
  await expect.poll(() => polls.keys()).toEqual([]);
});
