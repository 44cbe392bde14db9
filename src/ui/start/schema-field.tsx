import { ArrayField } from './array-field.js';
import { BooleanField } from './boolean-field.js';
import { ChoiceField } from './choice-field.js';
import { RawJson } from './draft.js';
import type { FieldFacts } from './field.js';
import { JsonField } from './json-field.js';
import { fieldKind } from './json-schema.js';
import { NumberField } from './number-field.js';
import { ObjectField } from './object-field.js';
import { TextField } from './text-field.js';

const FIELDS = {
  object: ObjectField,
  array: ArrayField,
  text: TextField,
  number: NumberField,
  boolean: BooleanField,
  choice: ChoiceField,
  json: JsonField,
} as const;

/** The field that a schema asks for. */
export function SchemaField(props: FieldFacts) {
  const Field = FIELDS[props.value instanceof RawJson ? 'json' : fieldKind(props.schema)];
  return <Field {...props} Nested={SchemaField} />;
}
