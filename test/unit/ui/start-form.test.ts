import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { emptyDraft, inputOf, issuesAt, RawJson, withValue } from '../../../src/ui/start/draft.js';
import { fieldKind, type JsonSchema, resolved } from '../../../src/ui/start/json-schema.js';
import { order } from '../../../src/workflows/index.js';

const schemaOf = (type: z.ZodType): JsonSchema =>
  resolved(z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as JsonSchema);

describe('which field a schema gets', () => {
  it.each([
    ['text', z.string()],
    ['text', z.email()],
    ['text', z.string().nullable()],
    ['number', z.int()],
    ['boolean', z.boolean()],
    ['choice', z.enum(['a', 'b'])],
    ['choice', z.union([z.literal('a'), z.literal(2)])],
    ['array', z.array(z.string())],
    ['object', z.strictObject({ a: z.string() })],
    ['json', z.record(z.string(), z.number())],
    ['json', z.union([z.string(), z.number()])],
    ['json', z.unknown()],
  ] as const)('%s', (kind, type) => {
    expect(fieldKind(schemaOf(type))).toBe(kind);
  });

  it('one that holds itself: JSON, where it comes round', () => {
    const Node = z.object({
      name: z.string(),
      get next() {
        return Node.optional();
      },
    });
    const schema = schemaOf(z.strictObject({ first: Node }));
    expect(fieldKind(schema.properties?.first ?? {})).toBe('object');
    expect(JSON.stringify(schema).length).toBeLessThan(2_000);
  });
});

describe('what a form sends', () => {
  const schema = schemaOf(order.input);

  it('is the input that was typed: numbers as numbers, nothing for what was left empty', () => {
    const typed: readonly (readonly [(string | number)[], unknown])[] = [
      [['customer', 'name'], 'Ada'],
      [['customer', 'email'], 'ada@example.com'],
      [['items', 0, 'sku'], 'sku-1'],
      [['items', 0, 'quantity'], '2'],
      [['items', 0, 'name'], ''],
      [['amountMinor'], '1999'],
      [['address', 'street'], '1 Quay'],
      [['address', 'city'], 'Galway'],
      [['address', 'postalCode'], 'H91'],
      [['address', 'country'], 'IE'],
    ];
    const draft = typed.reduce((before, [path, value]) => withValue(before, path, value), emptyDraft(schema));
    expect(inputOf(draft, schema)).toEqual({
      customer: { name: 'Ada', email: 'ada@example.com' },
      items: [{ sku: 'sku-1', quantity: 2 }],
      amountMinor: 1999,
      currency: 'EUR',
      address: { street: '1 Quay', city: 'Galway', postalCode: 'H91', country: 'IE' },
    });
    expect(order.input.safeParse(inputOf(draft, schema)).success).toBe(true);
  });

  it('leaves out an optional group in which nothing was typed, and keeps one that must be there', () => {
    const type = z.strictObject({
      must: z.object({ a: z.string().optional() }),
      may: z.object({ a: z.string() }).optional(),
    });
    const form = schemaOf(type);
    const draft = withValue(emptyDraft(form), ['may', 'a'], '');
    expect(inputOf(draft, form)).toEqual({ must: {} });
  });

  it('lets the server refuse a number that is none, rather than guess', () => {
    expect(inputOf('12x', { type: 'integer' })).toBe('12x');
  });

  it('takes a part that was typed as JSON, and says where it is none', () => {
    const form = schemaOf(z.strictObject({ extra: z.record(z.string(), z.unknown()) }));
    expect(inputOf({ extra: new RawJson('{"a":[1]}') }, form)).toEqual({ extra: { a: [1] } });
    expect(() => inputOf({ extra: new RawJson('{a') }, form)).toThrow(/^extra: this is not JSON/);
  });

  it("shows an issue at its own field, and not at another's", () => {
    const issues = [{ path: 'items.0.sku', message: 'is no SKU' }];
    expect(issuesAt(issues, ['items', 0, 'sku'])).toEqual(['is no SKU']);
    expect(issuesAt(issues, ['items', 0])).toEqual([]);
  });
});
