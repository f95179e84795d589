import { Caller } from './callers.js';
import type { Population } from './population.js';

/** The services that internal systems and browsers call, behind a Service of Kubernetes. */
export const behindService = ['login_server', 'http_msg_server', 'msfs'] as const;
export type BehindService = (typeof behindService)[number];

/**
 * One caller for each of them; the first pushes messages.
 * @param port of the Service
 */
export function httpCallers(
  { users, robot }: Population,
  port: (service: BehindService) => number,
  complain: (text: string) => void,
): Caller[] {
  const push = (k: number) => ({
    method: 'POST' as const,
    path: '/query/SendP2PMessage',
    headers: { 'Idempotency-Key': `rolling-${k}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      from_user_id: robot,
      session_id: users[k % users.length]!.id,
      msg: `push ${k}`,
      msg_type: 1,
    }),
  });
  const fieldIs = (name: string, value: number) => (body: Buffer) =>
    (JSON.parse(body.toString()) as Record<string, unknown>)[name] === value;
  return [
    new Caller({
      name: 'http_msg_server',
      port: port('http_msg_server'),
      perSecond: 20,
      call: push,
      isGood: fieldIs('error_code', 0),
      complain,
    }),
    new Caller({
      name: 'login_server',
      port: port('login_server'),
      perSecond: 20,
      call: () => ({ method: 'GET', path: '/msg_server' }),
      isGood: fieldIs('code', 0),
      complain,
    }),
    new Caller({
      name: 'msfs',
      port: port('msfs'),
      perSecond: 10,
      call: upload,
      isGood: fieldIs('error_code', 0),
      complain,
    }),
  ];
}

/** A PNG of one pixel, in a form. */
function upload(k: number) {
  const boundary = 'rolling-rolling';
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="filename"; filename="p${k}.png"\r\nContent-Type: image/png\r\n\r\n`,
    ),
    png,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  return { method: 'POST' as const, path: '/', headers, body };
}
