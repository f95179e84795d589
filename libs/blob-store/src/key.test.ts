import { expect, it } from 'vitest';
import { isKey, requirePrefix } from './key.js';

it.each([
  'a',
  'g0/000/123/1468217208421049_140410609219.jpeg',
  'g0/000/123/1468217208421049_140410609219_320x240.jpg_100x100.jpg',
  '_/A-Z.0/9',
  `${'a'.repeat(200)}/b`,
])('%s is a key', (key) => {
  expect(isKey(key)).toBe(true);
});

it.each([
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../b',
  'a/..',
  './a',
  'a/./b',
  '.tmp/a',
  'a/.hidden',
  '-rf',
  'a\0',
  'a\0.jpg',
  'a\\b',
  '..\\..\\windows',
  'C:/a',
  'C:\\a',
  '%2e%2e/a',
  'a%2fb',
  '%252e%252e%252fa',
  '%00',
  'a b',
  'a\n',
  'ä',
  '。。/a',
  '\u2025/a',
  'a?b',
  'a#b',
  '~root',
  'a'.repeat(201),
  `${'a/'.repeat(256)}a`,
])('%j is not a key', (key) => {
  expect(isKey(key)).toBe(false);
});

it('accepts prefixes that keys can begin with', () => {
  for (const prefix of ['', 'a', 'a/', 'a/b.c', 'a/b/']) expect(() => requirePrefix(prefix)).not.toThrow();
  for (const prefix of ['/', '..', '../', 'a//', '.', 'a/.']) {
    expect(() => requirePrefix(prefix)).toThrow('invalid prefix');
  }
});
