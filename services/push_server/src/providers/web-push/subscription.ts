import type { SubscriptionKeys } from './encrypt.js';

/** Where a browser, or a UnifiedPush distributor, takes messages for an app. */
export interface Subscription {
  endpoint: URL;
  keys: SubscriptionKeys;
}

/**
 * A device's token is its subscription as browsers write it: `{"endpoint":…,"keys":{"p256dh":…,"auth":…}}`.
 * @returns undefined: it is none
 */
export function subscriptionOf(token: string): Subscription | undefined {
  try {
    const { endpoint, keys } = JSON.parse(token) as { endpoint: string; keys: Record<string, string> };
    const p256dh = Buffer.from(String(keys.p256dh), 'base64url');
    const auth = Buffer.from(String(keys.auth), 'base64url');
    if (p256dh.length !== 65 || p256dh[0] !== 4 || auth.length !== 16) return undefined;
    const url = new URL(endpoint);
    return url.protocol === 'https:' ? { endpoint: url, keys: { p256dh, auth } } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether one of the patterns names the host: `push.example.com`, or `*.example.com` for every host below it. Its port has to be
 * 443, or the pattern's: `push.example.com:8443`.
 */
export function isAllowed({ host }: URL, patterns: readonly string[]): boolean {
  // A URL's host has its port unless that is the scheme's own.
  return patterns.some((pattern) =>
    pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern,
  );
}
