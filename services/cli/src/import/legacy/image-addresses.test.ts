import { expect, test } from 'vitest';
import { imageAddresses } from './image-addresses.js';

test('groups image URLs by scheme, host and port, and leaves out those of other servers', () => {
  const urls = [
    'http://old:8700/g0/000/001/1.png',
    'http://OLD:8700/g0/000/001/1.png',
    'http://old:8700/g0/000/001/2.png_100x100.jpg',
    'http://10.0.0.9/g0/255/000/3.png',
    'https://old:8700/g0/000/001/1.png',
    'http://old:8700/',
    'https://example.com/picture.png',
    'g0/000/001/1.png',
    'http://[broken/g0/000/001/1.png',
    'ftp://old/g0/000/001/1.png',
  ];
  expect(imageAddresses(urls).map(({ origin, count }) => [origin, count])).toEqual([
    ['http://old:8700', 3],
    ['http://10.0.0.9', 1],
    ['https://old:8700', 1],
  ]);
});

test('keeps only a few images of each address', () => {
  const urls = Array.from({ length: 500 }, (_, n) => `http://old:8700/g0/000/001/${n % 300}.png`);
  const [address] = imageAddresses(urls);
  expect(address!.count).toBe(500);
  expect(new Set(address!.images).size).toBe(20);
});
