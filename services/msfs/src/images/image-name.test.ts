import { isKey } from '@teamtalk/blob-store';
import { describe, expect, it } from 'vitest';
import { keyOf, newImageName, thumbnailOf } from './image-name.js';

describe('a new name', () => {
  it('has the layout of the original', () => {
    const name = newImageName('head.jpeg', 'image/jpeg');
    expect(name).toMatch(/^g0\/\d{3}\/\d{3}\/\d{16}_\d{14}\.jpeg$/);
    expect(isKey(name)).toBe(true);
  });

  it('preserves the size in the client’s name', () => {
    expect(newImageName('x_320x240.jpg', 'image/jpeg')).toMatch(/\/\d{16}_\d{14}_320x240\.jpg$/);
    expect(newImageName('x_320x240.gif', 'image/jpeg')).toMatch(/\/\d{16}_\d{14}_320x240\.jpg$/);
    expect(newImageName('x_320x240', 'image/png')).toMatch(/\/\d{16}_\d{14}_320x240\.png$/);
    expect(newImageName('x_999999x240.jpg', 'image/jpeg')).toMatch(/\/\d{16}_\d{14}\.jpg$/);
    expect(newImageName('x_320x240.html', undefined)).toMatch(/\/\d{16}_\d{14}\.html$/);
  });

  it.each([
    '',
    '..',
    '../../etc/passwd',
    '/etc/passwd',
    'a\0.jpg',
    'C:\\boot.ini',
    '%2e%2e%2f.jpg',
    'x.jpg/../../y',
    '.jpg.',
    `${'a'.repeat(10_000)}.jpg`,
    '图片.jpg',
    'x.jpg\r\nSet-Cookie: a',
  ])('uses nothing else of %j', (clientName) => {
    expect(newImageName(clientName, 'image/jpeg')).toMatch(/^g0\/\d{3}\/\d{3}\/\d{16}_\d{14}\.(jpg|jpeg)$/);
    expect(newImageName(clientName, undefined)).toMatch(/^g0\/\d{3}\/\d{3}\/\d{16}_\d{14}\.[a-z0-9]{1,8}$/);
  });

  it('is unique, in another folder every ten minutes', () => {
    const now = 1_468_217_208_421;
    const names = Array.from({ length: 1_000 }, () => newImageName('a.jpg', 'image/jpeg', now));
    expect(new Set(names).size).toBe(1_000);
    expect(new Set(names.map((name) => name.slice(0, 10))).size).toBe(1);
    expect(newImageName('a.jpg', 'image/jpeg', now + 600_000).slice(0, 10)).not.toBe(names[0]!.slice(0, 10));
  });
});

describe('a path', () => {
  it.each(['/g0/000/000/1468217208421049_140410609219.jpeg', '/g0/000/000/a_1x1.jpg_100x100.jpg'])(
    '%s names a file',
    (path) => {
      expect(keyOf(path)).toBe(path.slice(1));
    },
  );

  it.each([
    '/',
    '/g0',
    '/g0/',
    '/g0/000/000/',
    '/g0/000/000/..',
    '/g0/000/000/.tmp',
    '/g0/000/../000/a.jpg',
    '/g0/000/000/../../../etc/passwd',
    '/g0/000/000/%2e%2e%2fa.jpg',
    '/g0/000/000/%252e%252e%252fa.jpg',
    '/g0/000/000/..%2f..%2fa.jpg',
    '/g0/000/000/..\\..\\a.jpg',
    '/g0/000/000/..%5c..%5ca.jpg',
    '/g0/000/000/a.jpg%00.png',
    '/g0/000/000/a\0.jpg',
    '/g0/000/000//etc/passwd',
    '//g0/000/000/a.jpg',
    '/g0/000/000/C:/a.jpg',
    '/g0/000/000/%c0%ae%c0%ae/a.jpg',
    '/g0/000/000/a.jpg/b',
    '/.tmp/a.part',
    '/etc/passwd',
    '/g0/00/000/a.jpg',
  ])('%j does not name a file', (path) => {
    expect(keyOf(path)).toBeUndefined();
  });
});

it.each([
  [
    'g0/000/000/a.jpeg_100x100.jpg',
    { original: 'g0/000/000/a.jpeg', width: 100, height: 100, format: 'jpeg' },
  ],
  [
    'g0/000/000/a_320x240.png_50x60.webp',
    { original: 'g0/000/000/a_320x240.png', width: 50, height: 60, format: 'webp' },
  ],
  ['g0/000/000/a_320x240.jpg', undefined],
  ['g0/000/000/a.jpg', undefined],
  ['g0/000/000/a.jpg_100x100.html', undefined],
  ['g0/000/000/a.jpg_100x.jpg', undefined],
  ['g0/000/000/a.jpg_100x100', undefined],
  ['g0/000/000/a.jpg_123456x1.jpg', undefined],
])('%s requests the size %j', (key, name) => {
  expect(thumbnailOf(key)).toEqual(name);
});
