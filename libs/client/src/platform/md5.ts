import { createHash } from 'node:crypto';

/** Browsers get md5.browser.ts instead (package.json, "browser"). */
export function md5Hex(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
