import { expect, test } from 'vitest';
import { CredentialCache } from './credential-cache.js';

test('matches only the same user, digest and stored hash', () => {
  const cache = new CredentialCache(10);
  cache.add(1, 'digest', 'hash');
  expect(cache.has(1, 'digest', 'hash')).toBe(true);
  expect(cache.has(2, 'digest', 'hash')).toBe(false);
  expect(cache.has(1, 'another', 'hash')).toBe(false);
  expect(cache.has(1, 'digest', 'changed')).toBe(false);
});

test('evicts the least recently used user', () => {
  const cache = new CredentialCache(2);
  cache.add(1, 'd', 'h');
  cache.add(2, 'd', 'h');
  expect(cache.has(1, 'd', 'h')).toBe(true);
  cache.add(3, 'd', 'h');
  expect(cache.size).toBe(2);
  expect(cache.has(2, 'd', 'h')).toBe(false);
  expect(cache.has(1, 'd', 'h')).toBe(true);
});
