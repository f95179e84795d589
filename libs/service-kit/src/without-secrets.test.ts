import { expect, it } from 'vitest';
import { withoutSecrets } from './without-secrets.js';

it.each([
  ['postgres://me:secret@db:5432/teamtalk?password=secret&sslmode=require', 'postgres://me@db:5432/teamtalk'],
  ['nats://secret@bus:4222', 'nats://bus:4222'],
  ['nats://me:secret@a:4222,tls://secret@b:4222', 'nats://me@a:4222,tls://b:4222'],
  ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4222'],
  [
    'postgres://me:secret@a:5432,b,[::1]:5432/teamtalk?password=secret',
    'postgres://me@a:5432,b,[::1]:5432/teamtalk',
  ],
  ['postgres://me:sec,ret@a,b/teamtalk', 'postgres://me@a,b/teamtalk'],
  ['postgres://me:sec@ret,secret@a,b/teamtalk', 'an address that is no URL'],
  ['me:secret@db', 'an address that is no URL'],
])('%s is shown as %s', (given, shown) => {
  expect(withoutSecrets(given)).toBe(shown);
});
