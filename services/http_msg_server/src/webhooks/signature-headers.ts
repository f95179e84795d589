import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/**
 * What proves that a post is ours: the headers of Standard Webhooks, and those from before.
 * @param secret with its prefix the key of the former is what base64 says, as their libraries have it; without, as older
 * ones are, its text
 * @param seconds Unix seconds
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
