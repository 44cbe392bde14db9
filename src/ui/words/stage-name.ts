/** Names of stages as people say them; what a program needs is kept beside them. */
import type { StageKind } from '../../orchestrators/move.js';

const UNDO = /\.undo$/;
const ATTENTION = /\.attention$/;

export function humanName(name: string): string {
  const words = name
    .replace(UNDO, '')
    .replace(ATTENTION, '')
    .replace(/[._-]+/g, ' ')
    .trim();
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

export function stepOfUndo(name: string): string {
  return name.replace(UNDO, '');
}

const KINDS: Readonly<Record<StageKind, string>> = {
  branch: 'Branch',
  route: 'Route',
  escalation: 'Escalation',
  step: 'Step',
  undo: 'Undo of',
  attention: 'Question about',
};

export function kindText(kind: StageKind): string {
  return KINDS[kind] ?? kind;
}
