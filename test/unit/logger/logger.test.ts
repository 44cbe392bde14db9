import { describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/adapters/logger.js';
import { SwitchyardError } from '../../../src/errors.js';

/** A logger and the lines that it has written, parsed. */
function logged(level: string, log: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  log(createLogger(level, { write: (line) => void lines.push(JSON.parse(line)) }));
  return lines;
}

describe('secrets', () => {
  test('do not reach the log, however deep they stand and in whatever case', () => {
    const secrets = { password: 'c4nary', Authorization: 'c4nary', env: { KEY: 'c4nary' } };
    const [line] = logged('warn', (log) =>
      log.warn({ a: { b: [{ c: { d: { e: secrets } } }] }, token: 'c4nary', host: 'here' }, 'said'),
    );
    expect(JSON.stringify(line)).not.toContain('c4nary');
    expect(line).toMatchObject({
      token: '[redacted]',
      host: 'here',
      a: { b: [{ c: { d: { e: { password: '[redacted]', env: '[redacted]' } } } }] },
      msg: 'said',
    });
  });

  test('do not reach it by way of a child logger', () => {
    const [line] = logged('warn', (log) => log.child({ server: { headers: { x: 'c4nary' } } }).warn({}, 'said'));
    expect(line).toMatchObject({ server: { headers: '[redacted]' } });
  });
});

describe('an error', () => {
  function replyError(): Error {
    const command = { name: 'hello', args: ['3', 'AUTH', 'default', 'c4nary'] };
    return Object.assign(new Error('WRONGPASS invalid password'), { name: 'ReplyError', code: 'E1', command });
  }

  test.each(['err', 'error', 'reason'])(
    'under the key %s is its type, message and code, without the command that failed',
    (key) => {
      const [line] = logged('warn', (log) => log.warn({ [key]: replyError() }, 'failed'));
      expect(line?.[key]).toEqual({ type: 'ReplyError', message: 'WRONGPASS invalid password', code: 'E1' });
    },
  );

  test('logged in place of fields is shown the same way', () => {
    const [line] = logged('warn', (log) => log.warn(replyError(), 'failed'));
    expect(line?.err).toEqual({ type: 'ReplyError', message: 'WRONGPASS invalid password', code: 'E1' });
  });

  test('has its stack and its cause only where the level is debug', () => {
    const error = new SwitchyardError('TASK_FAILED', 'outer', { cause: replyError() });
    const [brief] = logged('info', (log) => log.warn({ error }, 'failed'));
    expect(brief?.error).toEqual({ type: 'SwitchyardError', message: 'outer', code: 'TASK_FAILED' });
    const [full] = logged('debug', (log) => log.warn({ error }, 'failed'));
    expect(full?.error).toMatchObject({ stack: expect.stringContaining('logger.test'), cause: { type: 'ReplyError' } });
    expect(JSON.stringify(full)).not.toContain('c4nary');
  });
});

test('dates, addresses, maps and circles are logged without failing', () => {
  const circle: Record<string, unknown> = { at: new Date(0), url: new URL('http://here/') };
  circle.self = circle;
  const [line] = logged('warn', (log) => log.warn(circle, 'round'));
  expect(line).toMatchObject({ at: '1970-01-01T00:00:00.000Z', url: 'http://here/', msg: 'round' });
});
