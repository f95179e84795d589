import { createHash } from 'node:crypto';

/** In browsers md5.browser.ts takes its place (package.json, "browser"). */
export function md5Hex(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
