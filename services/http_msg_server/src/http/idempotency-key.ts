import type { App } from '../auth/app.js';

/**
 * Scopes a caller's idempotency key, so that different apps and endpoints may use the same one.
 * @returns empty without a key
 */
export function scopedKey(app: App | undefined, what: string, key: string | undefined): string {
  if (key === undefined) return '';
  return `${app ? `${app.id} ` : ''}${what} ${key}`;
}
