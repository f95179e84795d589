import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/**
 * Headers that sign a post: those of Standard Webhooks, and our former ones.
 * @param secret with the prefix `whsec_`, its base64 is decoded to the key of Standard Webhooks; older secrets have no prefix,
 * and their text is the key
 * @param seconds current time, unix seconds
 */
export function signatureHeaders(
  secret: string,
  id: string,
  seconds: number,
  body: string,
): Record<string, string> {
  const key = secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret);
  const time = String(seconds);
  return {
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`,
    'x-teamtalk-time': time,
    'x-teamtalk-signature': createHmac('sha256', secret).update(`${time}\n${body}`).digest('hex'),
  };
}
