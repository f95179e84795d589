import { expect, test } from 'vitest';
import { parseReplicas, wholeNumber } from './options.js';

test('services that are not named run once', () => {
  const replicas = parseReplicas(' msg_server=2, db_proxy_server=3');
  expect(replicas).toMatchObject({ msg_server: 2, db_proxy_server: 3, route_server: 1, msfs: 1 });
  expect(Object.values(parseReplicas(''))).toEqual(Object.values(replicas).map(() => 1));
});

test.each([
  ['chat_server=2', 'there is no service ‘chat_server’; there are login_server, '],
  ['constructor=2', 'there is no service ‘constructor’'],
  ['msg_server', 'the replicas of msg_server must be a whole number from 1 to 32, not ‘’'],
  ['msg_server=0', 'not ‘0’'],
  ['msg_server=33', 'not ‘33’'],
  ['msg_server=1.5', 'not ‘1.5’'],
])('%s is refused in plain words', (text, message) => {
  expect(() => parseReplicas(text)).toThrow(message);
});

test('a number of users is whole and bounded', () => {
  expect(wholeNumber('10000', 0, 1_000_000, 'users')).toBe(10_000);
  for (const text of ['-1', '1e3', '1000001', '']) {
    expect(() => wholeNumber(text, 0, 1_000_000, 'users')).toThrow(RangeError);
  }
});
