import type { Action } from '../words/actions.js';

interface ActionButtonsProps {
  readonly actions: readonly Action[];
  readonly onChoose: (action: Action) => void;
}

/** What may be done; each opens its confirmation. */
export function ActionButtons({ actions, onChoose }: ActionButtonsProps) {
  return (
    <div class="row actions">
      {actions.map((action) => (
        <button
          key={action.name + (action.stage ?? '')}
          type="button"
          class={`button ${action.weight === 'main' ? 'main' : action.weight === 'danger' ? 'danger quiet' : ''}`}
          aria-haspopup="dialog"
          onClick={() => onChoose(action)}
        >
          {action.label}
        </button>
      ))}
    </div>
  );
}
