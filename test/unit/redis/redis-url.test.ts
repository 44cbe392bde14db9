import { describe, expect, test } from 'vitest';
import { describeRedisUrl, parseRedisUrl } from '../../../src/adapters/redis-url.js';

describe('a Redis address', () => {
  test.each([
    ['redis://localhost', 'localhost:6379'],
    ['redis://:secret@10.0.0.7:7000/2', '10.0.0.7:7000'],
    ['rediss://user:secret@cache.example.com:6380', 'cache.example.com:6380 (TLS)'],
    ['redis://[::1]:6379', '[::1]:6379'],
  ])('%s is described without credentials, as %s', (url, described) => {
    expect(describeRedisUrl(url)).toBe(described);
  });

  test.each(['localhost:6379', 'http://localhost:6379', 'redis://', 'not an address', ''])(
    '%j is refused as INVALID_CONFIG, and the message says what is expected',
    (text) => {
      expect(() => parseRedisUrl(text)).toThrow(
        expect.objectContaining({
          code: 'INVALID_CONFIG',
          message: expect.stringContaining('redis://[user:password@]host'),
        }),
      );
    },
  );

  test('a refused address does not show its password', () => {
    expect(() => parseRedisUrl('http://user:s3cr:et@host:1')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cr') }),
    );
    expect(() => parseRedisUrl(':s3cret@host')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
    );
  });
});
