import { expect, it } from 'vitest';
import { podValue } from './pod-value.js';

const pairs = 'msg-server-0=203.0.113.10, msg-server-1=203.0.113.11';

it('is the text itself without pod names', () => {
  expect(podValue('203.0.113.9', 'msg-server-1')).toBe('203.0.113.9');
  expect(podValue('', 'msg-server-1')).toBe('');
});

it('is the value of this pod’s pair', () => {
  expect(podValue(pairs, 'msg-server-0')).toBe('203.0.113.10');
  expect(podValue(pairs, 'msg-server-1')).toBe('203.0.113.11');
});

it('is undefined for a pod without a pair', () => {
  expect(podValue(pairs, 'msg-server-10')).toBeUndefined();
  expect(podValue('msg-server-0=', 'msg-server-0')).toBeUndefined();
});
