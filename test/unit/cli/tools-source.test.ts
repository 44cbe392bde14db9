import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { digestIn, toolsSource } from '../../../src/cli/tools-pull/tools-source.js';
import { objectSource } from '../../../src/cli/tools-pull/zod-source.js';

/** The schema that the source makes: what counts is what it takes, and not how it is written. */
function schemaOf(jsonSchema: unknown, side: 'sent' | 'answered' = 'sent'): z.ZodType {
  const made: unknown = new Function('z', `return ${objectSource(jsonSchema, side, '')};`)(z);
  if (made instanceof z.ZodType) return made;
  throw new Error('no schema');
}

const takes = (jsonSchema: unknown, value: unknown) => schemaOf(jsonSchema).safeParse(value).success;
const property = (schema: unknown) => ({ type: 'object', properties: { a: schema }, required: ['a'] });

describe('a JSON Schema as zod source', () => {
  it.each<[unknown, readonly unknown[], readonly unknown[]]>([
    [{ type: 'string', minLength: 2 }, ['ab'], ['a', 1, undefined]],
    [{ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, [0, 7], [-1, 1.5, '1']],
    [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, [0.5], [0, 1]],
    [{ type: 'number', maximum: 1 }, [0.5], [2, null]],
    [{ type: ['string', 'null'] }, ['x', null], [1]],
    [{ enum: ['a', 1, null] }, ['a', 1, null], ['b', 2]],
    [{ const: 'only' }, ['only'], ['other']],
    [{ type: 'array', items: { type: 'boolean' }, maxItems: 1 }, [[], [true]], [[1], [true, true]]],
    [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] }, [['a', 1]], [['a'], [1, 'a']]],
    [{ type: 'object', additionalProperties: { type: 'number' } }, [{ x: 1 }, {}], [{ x: 'a' }, []]],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, ['a', 1], [true]],
    [{ oneOf: [{ type: 'string' }] }, ['a'], [1]],
    [{ allOf: [{ type: 'string' }, { minLength: 1 }] }, ['a'], [1]],
    [{ type: 'object', properties: { b: { type: 'string' } } }, [{}, { b: 'x' }], [{ b: 1 }, { c: 1 }]],
    [{ if: {}, else: {} }, [1, 'a', null], []],
    [true, [1, 'a'], []],
  ])('%j', (schema, good, bad) => {
    for (const value of good) expect(takes(property(schema), { a: value })).toBe(true);
    for (const value of bad) expect(takes(property(schema), { a: value })).toBe(false);
  });

  it('follows references, and takes one that comes back to itself as unknown', () => {
    const tree = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { value: { $ref: '#/definitions/text' }, next: { $ref: '#/$defs/node' } },
          required: ['value'],
        },
      },
      definitions: { text: { type: 'string' } },
    };
    expect(takes(tree, { value: 'a', next: { anything: 1 } })).toBe(true);
    expect(takes(tree, { value: 1 })).toBe(false);
    expect(takes({ $ref: 'https://elsewhere.example/schema' }, {})).toBe(true);
  });

  const a = { a: { type: 'string' } };
  const b = { properties: { b: { type: 'string' } }, required: ['b'] };
  it.each<[unknown, readonly unknown[]]>([
    [{ type: 'object' }, [{}, { any: 1 }]],
    [{ type: 'object', oneOf: [{ properties: a }, b] }, [{ a: 'x' }, { b: 'x' }]],
    [{ anyOf: [{ properties: a }, b] }, [{ b: 'x' }]],
    [{ type: 'object', patternProperties: { '^x-': { type: 'number' } }, additionalProperties: false }, [{ 'x-1': 1 }]],
    [{ type: 'object', properties: a, patternProperties: { '^x-': {} } }, [{ a: 'x', 'x-1': 1 }]],
    [{ type: 'object', properties: a, allOf: [b] }, [{ a: 'x', b: 'x' }, { b: 'x' }]],
    [{ type: 'object', properties: a, if: { not: {} }, else: b }, [{ b: 'x' }]],
    [{ $ref: '#/$defs/more', properties: a, $defs: { more: b } }, [{ a: 'x', b: 'x' }]],
    [{ $ref: '#/$defs/more', allOf: [{ properties: a }], $defs: { more: b } }, [{ a: 'x', b: 'x' }]],
    [
      property({ type: 'object', patternProperties: { '^x-': {} }, additionalProperties: false }),
      [{ a: { 'x-1': 1 } }],
    ],
    [property({ allOf: [{ properties: a }, b] }), [{ a: { a: 'x', b: 'x' } }]],
    [property({ allOf: [{ properties: a }, { $ref: 'https://elsewhere.example/b' }] }), [{ a: { a: 'x', b: 'x' } }]],
  ])('takes what %j does not rule out, and passes it on whole', (schema, values) => {
    for (const value of values) expect(schemaOf(schema).parse(value)).toEqual(value);
    for (const value of values) expect(schemaOf(schema, 'answered').parse(value)).toEqual(value);
  });

  it.each([
    { type: 'object', properties: {} },
    { type: 'object', additionalProperties: false },
    { type: 'object', properties: { b: { type: 'string' } }, title: 'One', description: 'One thing.' },
  ])('refuses what %j has no place for', (schema) => {
    expect(takes(schema, { c: 1 })).toBe(false);
  });

  it('refuses an argument that the tool does not have, and drops what an answer has besides', () => {
    const schema = property({ type: 'string' });
    expect(takes(schema, { a: 'x', b: 1 })).toBe(false);
    expect(schemaOf(schema, 'answered').parse({ a: 'x', b: 1 })).toEqual({ a: 'x' });
    expect(takes({ ...schema, additionalProperties: true }, { a: 'x', b: 1 })).toBe(true);
  });
});

describe('the file', () => {
  const HOSTILE_NAME = "'; process.exit(1); '";
  const tool = (name: string, more: object = {}) => ({ name, inputSchema: { type: 'object' }, ...more });

  it("holds nothing of a server's but text, whatever that text is", () => {
    const hostile = `*/ process.exit(1); /*`;
    const { text } = toolsSource(
      [
        {
          server: 'evil-server',
          tools: [
            tool('read', {
              description: hostile,
              inputSchema: {
                type: 'object',
                properties: {
                  [HOSTILE_NAME]: { enum: [`\`\${process.exit(1)}\``, '\u2028'], description: hostile },
                },
              },
            }),
          ],
        },
      ],
      'switchyard-mq',
    );
    const body = text.slice(text.indexOf('export const tools = ') + 'export const tools = '.length);
    const made: unknown[] = [];
    new Function('z', 'mcpTool', `return ${body}`)(z, (...given: unknown[]) => made.push(...given));
    const [capability, shape] = made;
    expect(capability).toBe('evil-server.read');
    expect(shape).toMatchObject({ input: { shape: { [HOSTILE_NAME]: {} } } });
    expect(text).not.toContain('*/ process');
  });

  it('is the same whatever the order in which servers answer, and known by its digest after it was formatted', () => {
    const [a, b] = [
      { server: 'a', tools: [tool('x'), tool('y')] },
      { server: 'b', tools: [tool('z', { annotations: { readOnlyHint: true } })] },
    ];
    const made = toolsSource([a, b], 'm');
    expect(toolsSource([b, { ...a, tools: [...a.tools].reverse() }], 'm')).toEqual(made);
    expect(digestIn(made.text.replaceAll('"', "'"))).toBe(made.digest);
    expect(toolsSource([a], 'm').digest).not.toBe(made.digest);
    expect(toolsSource([a, b], 'n').digest).not.toBe(made.digest);
    expect(digestIn('export const tools = {};')).toBeUndefined();
    expect(made.text.match(/readOnly: true/g)).toHaveLength(1);
  });

  it('leaves out a tool whose name can be no task, and says so', () => {
    const { count, leftOut } = toolsSource([{ server: 's', tools: [tool('fine'), tool('bad name')] }], 'm');
    expect(count).toBe(1);
    expect(leftOut).toEqual([expect.stringContaining('"s.bad name" is not a valid name')]);
  });
});
