import { TeamTalkError } from '@teamtalk/service-kit';

/** Providers that devices can be registered with. */
const providers = ['apns', 'fcm', 'hms', 'honor', 'xiaomi', 'oppo', 'vivo', 'webpush', 'unifiedpush'];

const apnsToken = /^([0-9a-f]{2}){32,100}$/i;
const otherToken = /^[\x21-\x7e]{1,4096}$/;

/**
 * Converts a token to the form in which it is stored.
 * @throws TeamTalkError `invalid-argument` when it cannot be a token of this provider
 */
export function storedToken(provider: string, token: string): string {
  if (!providers.includes(provider)) {
    throw new TeamTalkError('invalid-argument', `a provider must be one of ${providers.join(', ')}`);
  }
  if (provider === 'apns') {
    if (apnsToken.test(token)) return token.toLowerCase();
    throw new TeamTalkError('invalid-argument', 'an APNs token must have 64 to 200 hexadecimal digits');
  }
  if (provider === 'webpush' || provider === 'unifiedpush') return storedSubscription(token);
  if (otherToken.test(token)) return token;
  throw new TeamTalkError('invalid-argument', 'a token must have 1 to 4096 ASCII characters without spaces');
}

/** Keeps only the fields that push needs, so that equal subscriptions are equal text. */
function storedSubscription(token: string): string {
  const subscription = parsed(token);
  if (subscription) return subscription;
  throw new TeamTalkError(
    'invalid-argument',
    'a Web Push token must be a subscription: {"endpoint":"https://…","keys":{"p256dh":"…","auth":"…"}}',
  );
}

function parsed(token: string): string | undefined {
  try {
    const { endpoint, keys } = JSON.parse(token) as { endpoint: string; keys: Record<string, string> };
    const [p256dh = '', auth = ''] = [keys.p256dh, keys.auth];
    const url = new URL(endpoint);
    if (url.protocol !== 'https:' || bytesOf(p256dh) !== 65 || bytesOf(auth) !== 16) return undefined;
    return JSON.stringify({ endpoint: url.href, keys: { p256dh, auth } });
  } catch {
    return undefined;
  }
}

function bytesOf(text: string): number {
  return /^[\w-]+=*$/.test(text) ? Buffer.from(text, 'base64url').length : 0;
}
