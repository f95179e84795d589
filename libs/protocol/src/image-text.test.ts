import { expect, it } from 'vitest';
import { IMAGE_PREFIX, IMAGE_SUFFIX, imageText, imageUrlsIn, replaceImages } from './image-text.js';

const one = 'http://host:8700/g0/000/000/1_320x240.jpg';
const two = 'http://host:8700/g0/000/001/2.png';

it('an image is its URL between the markers', () => {
  expect(imageText(one)).toBe(`&$#@~^@[{:${one}:}]&$~@#@`);
});

it('the URLs of all images are found, in order', () => {
  expect(imageUrlsIn(imageText(one))).toEqual([one]);
  expect(imageUrlsIn(`看 ${imageText(two)}${imageText(one)} 好`)).toEqual([two, one]);
  expect(imageUrlsIn('no image')).toEqual([]);
  expect(imageUrlsIn('')).toEqual([]);
});

it('half a marker is plain text', () => {
  for (const text of [`${IMAGE_PREFIX}${one}`, `${one}${IMAGE_SUFFIX}`, `${IMAGE_SUFFIX}a${IMAGE_PREFIX}`]) {
    expect(imageUrlsIn(text)).toEqual([]);
    expect(replaceImages(text, () => '!')).toBe(text);
  }
});

it('replaces images and keeps the text around them', () => {
  const text = `a${imageText(one)}b${imageText(two)}c`;
  expect(replaceImages(text, () => '[图片]')).toBe('a[图片]b[图片]c');
  expect(replaceImages(text, imageText)).toBe(text);
});
