import type { ComponentType } from 'preact';
import type { InputIssue } from '../../errors.js';
import type { Draft } from './draft.js';
import type { JsonSchema } from './json-schema.js';

/** What a field is made of. */
export interface FieldFacts {
  readonly schema: JsonSchema;
  readonly path: readonly (string | number)[];
  readonly label: string;
  readonly required: boolean;
  readonly value: Draft;
  readonly issues: readonly InputIssue[];
  readonly onChange: (path: readonly (string | number)[], value: Draft) => void;
}

/** What every field is given: a group draws what it holds by `Nested`, which knows all kinds. */
export interface FieldProps extends FieldFacts {
  readonly Nested: ComponentType<FieldFacts>;
}
