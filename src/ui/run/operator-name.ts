/** Who acts, as they call themselves; kept in this browser so that it is typed once. */

const KEPT_AS = 'switchyard.name';

export function rememberedName(): string {
  return localStorage.getItem(KEPT_AS) ?? '';
}

export function rememberName(name: string): void {
  localStorage.setItem(KEPT_AS, name.trim());
}
