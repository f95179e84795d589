import { expect, test } from 'vitest';
import { CredentialCache } from './credential-cache.js';

test('matches only the same user, digest and stored hash', () => {
  const proven = new CredentialCache(10);
  proven.add(1, 'digest', 'hash');
  expect(proven.has(1, 'digest', 'hash')).toBe(true);
  expect(proven.has(2, 'digest', 'hash')).toBe(false);
  expect(proven.has(1, 'another', 'hash')).toBe(false);
  expect(proven.has(1, 'digest', 'changed')).toBe(false);
});

test('forgets the user that was not seen for longest', () => {
  const proven = new CredentialCache(2);
  proven.add(1, 'd', 'h');
  proven.add(2, 'd', 'h');
  expect(proven.has(1, 'd', 'h')).toBe(true);
  proven.add(3, 'd', 'h');
  expect(proven.size).toBe(2);
  expect(proven.has(2, 'd', 'h')).toBe(false);
  expect(proven.has(1, 'd', 'h')).toBe(true);
});
