import { describe, expect, it } from 'vitest';
import { readQuery } from '../../../src/servers/database/query-terms.js';
import { tableNamed } from '../../../src/servers/database/row-values.js';

const read = (table: string, query: string) => readQuery(tableNamed(table), query);

describe('a free-text query', () => {
  it('is split on anything but letters and digits, lower-cased, and loses words of up to 3 letters', () => {
    expect(read('metadata', 'The WEATHER? in São-Paulo: 2026% of_it')).toMatchObject({
      kind: 'terms',
      terms: ['weather', 'paulo', '2026'],
    });
  });

  it('asks for everything when it is empty, and for nothing when it has no term', () => {
    expect(read('metadata', '  ')).toEqual({ kind: 'all' });
    expect(read('metadata', 'the % of it')).toMatchObject({ kind: 'terms', terms: [] });
  });

  it('is about exactly the rows whose ids it names, in any case and amid other words', () => {
    expect(read('customers', 'refund for CUST-1001, please')).toEqual({ kind: 'ids', ids: ['cust-1001'] });
    expect(read('user_data', 'data-6001 and cust-1002.')).toEqual({ kind: 'ids', ids: ['data-6001', 'cust-1002'] });
  });

  it('does not take a common word for an id, nor an id of another table', () => {
    expect(read('users', 'user-friendly login')).toMatchObject({ kind: 'terms', terms: ['user', 'friendly', 'login'] });
    expect(read('metadata', 'cust-1001')).toMatchObject({ kind: 'terms', terms: ['cust', '1001'] });
    expect(read('customers', 'xcust-1001')).toMatchObject({ kind: 'terms' });
  });
});
