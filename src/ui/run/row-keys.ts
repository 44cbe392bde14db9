/** Which row a key leads to, or undefined for a key that leads to none. Pure. */
export function rowAfter(key: string, at: number, total: number, page: number): number | undefined {
  const to = rowOf(key, at, total, page);
  return to === undefined || total === 0 ? undefined : Math.max(0, Math.min(total - 1, to));
}

function rowOf(key: string, at: number, total: number, page: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return at - 1;
    case 'PageDown':
      return at + page;
    case 'PageUp':
      return at - page;
    case 'Home':
      return 0;
    case 'End':
      return total - 1;
    default:
      return undefined;
  }
}
