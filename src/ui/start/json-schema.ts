/** As much of JSON Schema as a form can draw. Pure. */

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

export type FieldKind = 'object' | 'array' | 'text' | 'number' | 'boolean' | 'choice' | 'json';

/** How a schema is drawn; `json` is a text area for what no form can say better. */
export function fieldKind(schema: JsonSchema): FieldKind {
  if (choicesOf(schema) !== undefined) return 'choice';
  if (schema.$ref !== undefined || schema.anyOf || schema.allOf) return 'json';
  switch (schema.type) {
    case 'object':
      return schema.properties && typeof schema.additionalProperties !== 'object' ? 'object' : 'json';
    case 'array':
      return schema.items ? 'array' : 'json';
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    default:
      return 'json';
  }
}

/** The values of an enum, however it is written. */
export function choicesOf({ enum: values, const: only, anyOf }: JsonSchema): readonly unknown[] | undefined {
  if (values) return values;
  if (only !== undefined) return [only];
  const all = anyOf?.map((option) => option.const);
  return all && all.length > 0 && all.every((value) => value !== undefined) ? all : undefined;
}

/** With its references into `$defs` put in place; one that leads back to itself stays, and is drawn as JSON. */
export function resolved(schema: JsonSchema, root: JsonSchema = schema, within: readonly string[] = []): JsonSchema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  const target = name === undefined ? undefined : root.$defs?.[name];
  if (name !== undefined && target && !within.includes(name)) return resolved(target, root, [...within, name]);
  const nullable = schema.anyOf?.filter((option) => option.type !== 'null');
  if (nullable?.length === 1 && nullable[0] && nullable.length !== schema.anyOf?.length) {
    const { anyOf: _either, ...rest } = schema;
    return resolved({ ...rest, ...nullable[0] }, root, within);
  }
  // Of `["string", "null"]` a form can say the null by leaving the field empty.
  const types = Array.isArray(schema.type) ? schema.type.filter((type) => type !== 'null') : [];
  return {
    ...schema,
    ...(types.length === 1 && types[0] !== undefined && { type: types[0] }),
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([member, of]) => [member, resolved(of, root, within)]),
      ),
    }),
    ...(schema.items && { items: resolved(schema.items, root, within) }),
  };
}
