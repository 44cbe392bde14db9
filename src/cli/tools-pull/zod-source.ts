/**
 * A JSON Schema as the source of a zod schema. It has to tell types apart, not to judge values: what it leaves out (patterns,
 * formats, conditions) the tool's server still checks, and what it does not understand it takes as `unknown`. So an object is
 * closed only where all is said of its members that its schema says.
 *
 * Everything from the schema is text of a stranger that ends in source code: names and values go through JSON, comments
 * lose what would end them.
 */
import { isRecord, type JsonObject, resolveRef } from './schema-refs.js';

/**
 * `sent`: an argument that the tool does not know is refused. `answered`: what a server adds to an answer later is dropped,
 * and breaks nothing.
 */
export type Side = 'sent' | 'answered';

interface Place {
  readonly root: unknown;
  readonly side: Side;
  readonly indent: string;
  /** Another schema says more of the same object's members. */
  readonly open?: boolean;
  /** References that are being followed: one that comes back is recursive. */
  readonly following: readonly string[];
}

const UNKNOWN = 'z.unknown()';

/** Always an object's: the arguments of a tool, and its structured answer, are. */
export function objectSource(schema: unknown, side: Side, indent: string): string {
  const place: Place = { root: schema, side, indent, following: [] };
  const found = followed(schema, place);
  return isRecord(found.schema) ? objectOf(found.schema, found.place) : 'z.looseObject({})';
}

/** Keywords by which a schema says more of an object's members than its `properties` do. */
const SAY_MORE = ['allOf', 'anyOf', 'oneOf', 'if', 'patternProperties', 'dependentSchemas'] as const;
const SAY_MEMBERS = ['properties', 'additionalProperties', ...SAY_MORE] as const;

function saysMore(schema: JsonObject): boolean {
  return SAY_MORE.some((keyword) => keyword in schema);
}

function sourceOf(schema: unknown, place: Place): string {
  if (schema === false) return 'z.never()';
  if (!isRecord(schema)) return UNKNOWN;
  if (typeof schema.$ref === 'string') {
    const found = followed(schema, place);
    return found.schema === undefined ? UNKNOWN : sourceOf(found.schema, found.place);
  }
  if ('const' in schema) return literal([schema.const]);
  if (Array.isArray(schema.enum)) return literal(schema.enum);
  if (isRecord(schema.properties)) return objectOf(schema, place);
  const parts = [schema.anyOf, schema.oneOf].find(Array.isArray);
  if (parts) return union(parts.map((part: unknown) => sourceOf(part, place)));
  if (Array.isArray(schema.allOf)) return intersection(allOf(schema.allOf, place));
  if (Array.isArray(schema.type)) {
    return union(schema.type.map((type: unknown) => sourceOf({ ...schema, type }, place)));
  }
  return typed(schema, place);
}

function typed(schema: JsonObject, place: Place): string {
  const within = (least: string, most: string) => bounds(schema, least, most);
  switch (schema.type) {
    case 'string':
      return `z.string()${within('minLength', 'maxLength')}`;
    case 'integer':
      return `z.int()${within('minimum', 'maximum')}${beyond(schema)}`;
    case 'number':
      return `z.number()${within('minimum', 'maximum')}${beyond(schema)}`;
    case 'boolean':
      return 'z.boolean()';
    case 'null':
      return 'z.null()';
    case 'array':
      return listOf(schema, place) + within('minItems', 'maxItems');
    case 'object':
      return `z.record(z.string(), ${sourceOf(saysMore(schema) ? true : (schema.additionalProperties ?? true), place)})`;
    default:
      return UNKNOWN;
  }
}

function objectOf(schema: JsonObject, place: Place): string {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const inner = { ...place, open: false, indent: `${place.indent}  ` };
  const members = Object.entries(properties).map(([name, property]) => {
    const source = sourceOf(property, inner);
    const comment = isRecord(property) ? commentSource(property.description, inner.indent) : '';
    return `${comment}${inner.indent}${keySource(name)}: ${source}${required.has(name) ? '' : '.optional()'},\n`;
  });
  const shape = members.length === 0 ? '{}' : `{\n${members.join('')}${place.indent}}`;
  const more = schema.additionalProperties ?? (isRecord(schema.properties) ? undefined : true);
  if (more === true || place.open || saysMore(schema)) return `z.looseObject(${shape})`;
  if (isRecord(more)) return `z.object(${shape}).catchall(${sourceOf(more, place)})`;
  return place.side === 'sent' ? `z.strictObject(${shape})` : `z.object(${shape})`;
}

/** Strict ones together take what any of them knows; where one is not understood, nobody can say what it knows. */
function allOf(parts: readonly unknown[], place: Place): readonly string[] {
  const sources = parts.map((part) => sourceOf(part, place));
  return sources.includes(UNKNOWN) ? parts.map((part) => sourceOf(part, { ...place, open: true })) : sources;
}

function listOf(schema: JsonObject, place: Place): string {
  const places = Array.isArray(schema.prefixItems) ? schema.prefixItems : schema.items;
  if (!Array.isArray(places)) return `z.array(${sourceOf(places ?? true, place)})`;
  return `z.tuple([${places.map((item: unknown) => sourceOf(item, place)).join(', ')}])`;
}

function followed(schema: unknown, place: Place): { readonly schema: unknown; readonly place: Place } {
  const ref = isRecord(schema) && typeof schema.$ref === 'string' ? schema.$ref : undefined;
  if (ref === undefined) return { schema, place };
  // What stands beside a reference holds as well, and is not joined with it here.
  if (isRecord(schema) && SAY_MEMBERS.some((keyword) => keyword in schema)) return { schema: undefined, place };
  if (place.following.includes(ref)) return { schema: undefined, place };
  return followed(resolveRef(place.root, ref), { ...place, following: [...place.following, ref] });
}

/** Those that say no more than that a number is one that JavaScript can count with are left out: they are everywhere. */
function bounds(schema: JsonObject, least: string, most: string): string {
  const { [least]: min, [most]: max } = schema;
  const says = (bound: unknown): bound is number =>
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  return (says(min) ? `.min(${min})` : '') + (says(max) ? `.max(${max})` : '');
}

function beyond({ exclusiveMinimum: above, exclusiveMaximum: below }: JsonObject): string {
  return (typeof above === 'number' ? `.gt(${above})` : '') + (typeof below === 'number' ? `.lt(${below})` : '');
}

function literal(values: readonly unknown[]): string {
  const plain = values.every((value) => value === null || ['string', 'number', 'boolean'].includes(typeof value));
  if (!plain || values.length === 0) return UNKNOWN;
  return `z.literal(${values.length === 1 ? textSource(values[0]) : `[${values.map(textSource).join(', ')}]`})`;
}

function union(sources: readonly string[]): string {
  const different = [...new Set(sources)];
  const [only = UNKNOWN] = different;
  return different.length > 1 ? `z.union([${different.join(', ')}])` : only;
}

function intersection(sources: readonly string[]): string {
  const known = sources.filter((source) => source !== UNKNOWN);
  return known.length === 0 ? UNKNOWN : known.reduce((left, right) => `z.intersection(${left}, ${right})`);
}

/** JSON is JavaScript, but for two line ends that older parsers refuse. */
export function textSource(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  return json.replace(/[\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16)}`);
}

/** A name as a key of an object; `__proto__` would be no key but the prototype. */
export function keySource(name: string): string {
  if (name === '__proto__') return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : textSource(name);
}

const LONGEST_COMMENT = 300;

export function commentSource(text: unknown, indent: string): string {
  if (typeof text !== 'string' || text.trim() === '') return '';
  const line = text.replace(/\s+/g, ' ').replaceAll('*/', '* /').trim();
  const shown = line.length > LONGEST_COMMENT ? `${line.slice(0, LONGEST_COMMENT)}…` : line;
  return `${indent}/** ${shown} */\n`;
}
