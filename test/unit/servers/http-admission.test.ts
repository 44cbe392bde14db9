import { describe, expect, it } from 'vitest';
import { isLoopback, refusalOf } from '../../../src/http-admission.js';

const rules = { allowedHosts: ['box.internal', 'fd00::7'] };

describe('an HTTP request', () => {
  it.each(['localhost:8080', '127.0.0.1', '[::1]:99', 'box.internal:80', '[fd00::7]:80', 'BOX.internal'])(
    'to the host %s passes',
    (host) => {
      expect(refusalOf({ host }, rules)).toBeUndefined();
      expect(refusalOf({ host, origin: 'http://localhost:3000' }, rules)).toBeUndefined();
    },
  );

  it.each(['evil.example', '127.0.0.1.evil.example', '', 'localhost@evil.example', undefined])(
    'to the host %s is refused',
    (host) => {
      expect(refusalOf({ host }, rules)).toMatchObject({ status: 403 });
    },
  );

  it.each(['https://evil.example', 'null', 'file://', 'http://localhost.evil.example'])(
    'from a page of %s is refused',
    (origin) => {
      expect(refusalOf({ host: 'localhost', origin }, rules)).toMatchObject({ status: 403 });
    },
  );

  it('needs the token where there is one', () => {
    const guarded = { ...rules, token: 'secret' };
    for (const authorization of [undefined, '', 'secret', 'Bearer', 'Bearer secrets', 'Bearer SECRET']) {
      expect(refusalOf({ host: 'localhost', authorization }, guarded)).toMatchObject({ status: 401 });
    }
    expect(refusalOf({ host: 'localhost', authorization: 'Bearer secret' }, guarded)).toBeUndefined();
  });
});

it('knows the addresses that only this machine reaches', () => {
  expect(['localhost', '127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '192.168.0.1', '127.0.0.1.example', 'example'].some(isLoopback)).toBe(false);
});
