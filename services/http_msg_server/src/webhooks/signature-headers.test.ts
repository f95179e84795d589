import { expect, it } from 'vitest';
import { signatureHeaders } from './signature-headers.js';

it('matches the example in the specification of Standard Webhooks', () => {
  const headers = signatureHeaders(
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1_614_265_330,
    '{"test": 2432232314}',
  );
  expect(headers).toMatchObject({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('signs with the text of a secret in the former format', () => {
  const old = signatureHeaders('the-secret', 'id', 1, '{}');
  const standard = signatureHeaders(`whsec_${Buffer.from('the-secret').toString('base64')}`, 'id', 1, '{}');
  expect(old['webhook-signature']).toBe(standard['webhook-signature']);
});
