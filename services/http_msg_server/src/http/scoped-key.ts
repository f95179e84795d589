import type { App } from '../auth/app.js';

/**
 * The name under which the store knows a caller's key: two apps, and two interfaces, may use the same one.
 * @returns empty without a key
 */
export function scopedKey(app: App | undefined, what: string, key: string | undefined): string {
  if (key === undefined) return '';
  return `${app ? `${app.id} ` : ''}${what} ${key}`;
}
