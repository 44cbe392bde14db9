import type { OperatorStatus } from '../../facts.js';
import { statusWords } from '../words/status.js';
import { BETWEEN, type Filter, isFiltered, isWholeTag, NO_FILTER, WITHIN } from './filter.js';

interface RunFiltersProps {
  readonly filter: Filter;
  readonly workflows: readonly string[];
  readonly onChange: (filter: Filter) => void;
}

type Options = readonly (readonly [value: string, label: string])[];

/** What a run may ask of a person, each by itself. */
const ASKING: readonly OperatorStatus[] = ['waiting_approval', 'in_doubt', 'step_stuck', 'compensation_stuck'];
const STATUSES: Options = [
  ['open', 'In progress'],
  ['compensating', 'Compensating'],
  ['attention', 'Waits for a person'],
  ...ASKING.map((status) => [status, `– ${statusWords(status).label.toLowerCase()}`] as const),
  ['completed', 'Completed'],
  ['partial', 'Partial'],
  ['failed', 'Failed'],
  ['cancelled', 'Cancelled'],
  ['compensated', 'Compensated'],
];
const TIMES: Options = [
  ...Object.entries(WITHIN).map(([value, { label }]) => [value, label] as const),
  [BETWEEN, 'From … to …'],
];

export function RunFilters({ filter, workflows, onChange }: RunFiltersProps) {
  const set = (part: Partial<Filter>) => onChange({ ...filter, ...part });
  const choice = (name: 'workflow' | 'status' | 'within', label: string, all: string, options: Options) => (
    <label>
      <span class="sr-only">{label}</span>
      <select value={filter[name]} onChange={(event) => set({ [name]: event.currentTarget.value })}>
        <option value="">{all}</option>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  const moment = (name: 'from' | 'to', label: string) => (
    <label class="moment">
      <span>{label}</span>
      <input
        type="datetime-local"
        value={filter[name]}
        onInput={(event) => set({ [name]: event.currentTarget.value })}
      />
    </label>
  );
  const search = (name: 'text' | 'tag', label: string, placeholder: string, invalid = false) => (
    <label class="grow">
      <span class="sr-only">{label}</span>
      <input
        type="search"
        placeholder={placeholder}
        value={filter[name]}
        aria-invalid={invalid}
        onInput={(event) => set({ [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <search class="filters">
      {choice(
        'workflow',
        'Workflow',
        'All workflows',
        workflows.map((name) => [name, name] as const),
      )}
      {choice('status', 'Status', 'Any status', STATUSES)}
      {choice('within', 'Accepted', 'Any time', TIMES)}
      {filter.within === BETWEEN && (
        <>
          {moment('from', 'From')}
          {moment('to', 'To')}
        </>
      )}
      {search('tag', 'Tag', 'Tag: customer=42', filter.tag.trim() !== '' && !isWholeTag(filter.tag))}
      {search('text', "Part of a run's id", 'Part of an id')}
      {isFiltered(filter) && (
        <button type="button" class="button small" onClick={() => onChange(NO_FILTER)}>
          Clear
        </button>
      )}
    </search>
  );
}
