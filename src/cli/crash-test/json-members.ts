/** Which members of two JSON values differ, as dotted paths. */
export function differingMembers(one: unknown, other: unknown, path = ''): readonly string[] {
  if (isObject(one) && isObject(other)) {
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return names.flatMap((name) => differingMembers(one[name], other[name], path === '' ? name : `${path}.${name}`));
  }
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null) ? [] : [path || '(the whole)'];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
