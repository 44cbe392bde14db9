/** The one reducer: a definition and what is known of a run give the run's next move. Its table is in ARCHITECTURE.md. */

import type { Facts } from '../facts.js';
import { decideFanOut, planBranches } from './decide-fan-out.js';
import { decideRouter } from './decide-router.js';
import { decideSaga } from './decide-saga.js';
import type { WorkflowDefinition } from './definition.js';
import type { Move } from './move.js';

export function decide(definition: WorkflowDefinition, facts: Facts): Move {
  switch (definition.pattern) {
    case 'fan-out':
    case 'list':
      return decideFanOut(definition, planBranches(definition, facts.record.input), facts);
    case 'router':
      return decideRouter(definition, facts);
    case 'saga':
      return decideSaga(definition, facts);
  }
}
