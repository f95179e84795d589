import { expect, it } from 'vitest';
import { payloadOf } from './payload.js';

it.each([
  ['{"text":"a+b","channel":"#ops"}', { text: 'a+b', channel: '#ops' }],
  ['\n {"text":"x"}', { text: 'x' }],
  [`payload=${encodeURIComponent('{"text":"1 + 1 = 2"}')}`, { text: '1 + 1 = 2' }],
  ['text=1+%2B+1&channel=%23ops', { text: '1 + 1', channel: '#ops' }],
  ['hello', { text: null, channel: null }],
  ['', { text: null, channel: null }],
  ['{"text":', undefined],
  ['[1]', undefined],
  ['payload=7', undefined],
  ['payload=', undefined],
  [`{"a":${'['.repeat(20)}${']'.repeat(20)}}`, undefined],
])('%s', (body, payload) => {
  expect(payloadOf(Buffer.from(body))).toEqual(payload);
});

it('has to be UTF-8', () => {
  expect(payloadOf(Buffer.from([0x7b, 0xff, 0x7d]))).toBeUndefined();
});
