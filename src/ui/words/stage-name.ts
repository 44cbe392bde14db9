/** Names of stages as people say them; what a program needs is kept beside them. */
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
