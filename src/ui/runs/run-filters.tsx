import { type Filter, isFiltered, NO_FILTER, WITHIN } from './filter.js';

interface RunFiltersProps {
  readonly filter: Filter;
  readonly workflows: readonly string[];
  readonly onChange: (filter: Filter) => void;
}

const STATUSES: readonly (readonly [value: string, label: string])[] = [
  ['open', 'In progress'],
  ['attention', 'Waits for a person'],
  ['completed', 'Completed'],
  ['partial', 'Partial'],
  ['failed', 'Failed'],
  ['cancelled', 'Cancelled'],
  ['compensated', 'Compensated'],
];

export function RunFilters({ filter, workflows, onChange }: RunFiltersProps) {
  const set = (part: Partial<Filter>) => onChange({ ...filter, ...part });
  const choice = (name: 'workflow' | 'status' | 'within', label: string, all: string, options: typeof STATUSES) => (
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
  return (
    <search class="filters">
      {choice(
        'workflow',
        'Workflow',
        'All workflows',
        workflows.map((name) => [name, name] as const),
      )}
      {choice('status', 'Status', 'Any status', STATUSES)}
      {choice(
        'within',
        'Accepted',
        'Any time',
        Object.entries(WITHIN).map(([value, { label }]) => [value, label] as const),
      )}
      <label class="grow">
        <span class="sr-only">Part of a run's id</span>
        <input
          type="search"
          placeholder="Part of an id"
          value={filter.text}
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
      </label>
      {isFiltered(filter) && (
        <button type="button" class="button small" onClick={() => onChange(NO_FILTER)}>
          Clear
        </button>
      )}
    </search>
  );
}
