import { imageText, replaceImages } from '@teamtalk/protocol';
import { describe, expect, it } from 'vitest';
import { avatarUrl, imageUrl, partsOf, previewOf, safeUrl } from './text-parts.js';

const msfs = 'http://img.example:8700';
const origins = [msfs];

describe('the parts of a text', () => {
  it('are text, links, phrases and images', () => {
    const image = `${msfs}/g0/000/000/1_320x240.jpg`;
    expect(partsOf(`看 http://a.example/b?c=d, [牙牙大笑]${imageText(image)} 好`, origins)).toEqual([
      { kind: 'text', text: '看 ' },
      { kind: 'link', url: 'http://a.example/b?c=d', text: 'http://a.example/b?c=d' },
      { kind: 'text', text: ',' },
      { kind: 'text', text: ' ' },
      { kind: 'phrase', text: '[牙牙大笑]', symbol: '😆' },
      { kind: 'image', url: image, width: 320, height: 240 },
      { kind: 'text', text: ' 好' },
    ]);
  });

  it('are links in place of images from other origins', () => {
    expect(partsOf(imageText('https://elsewhere.example/x.png'), origins)).toEqual([
      {
        kind: 'link',
        url: 'https://elsewhere.example/x.png',
        text: 'https://elsewhere.example/x.png',
      },
    ]);
  });

  it('keep text that only looks like a phrase or an image', () => {
    const text = '[nothing] &$#@~^@[{:half [a [b] \u0000';
    const parts = partsOf(text, origins);
    expect(parts.map((part) => ('text' in part ? part.text : part.url)).join('')).toBe(
      text.replace('\u0000', ''),
    );
    expect(parts.every(({ kind }) => kind === 'text')).toBe(true);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:http://a/b',
    '//evil.example/x',
    `${msfs}@evil.example/x.png`,
    `${msfs}.evil.example/x.png`,
    'not a url',
  ])('never make an image of %j', (url) => {
    expect(imageUrl(url, origins)).toBeUndefined();
    for (const part of partsOf(`${url} ${imageText(url)}`, origins)) {
      expect(part.kind).not.toBe('image');
      if (part.kind === 'link') expect(part.url).toMatch(/^https?:/);
    }
  });
});

describe('a message crafted to freeze the page', () => {
  // The longest text that fits into a message.
  const longest = 290_000;
  const textOf = (text: string) =>
    partsOf(text, origins).map((part) => ('text' in part ? part.text : part.url));

  it.each(['.', ')', '[a'])('is split in linear time: a link with many %j', (unit) => {
    const text = `http://${unit.repeat(longest / unit.length)}a`;
    const begin = performance.now();
    expect(textOf(text).join('')).toBe(text);
    // Quadratic time would take minutes.
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  it.each([
    ['links', 'http://a.example/ '],
    ['phrases', '[牙牙大笑]'],
    ['images', imageText(`${msfs}/g0/000/000/1.jpg`)],
  ])('has only so many %s; what follows is text', (_, unit) => {
    const texts = textOf(unit.repeat(10_000));
    expect(texts.length).toBeLessThan(1_000);
    expect(texts.join('')).toBe(imageUrlsText(unit).repeat(10_000));
  });
});

function imageUrlsText(unit: string): string {
  return replaceImages(unit, (url) => url);
}

describe('an avatar', () => {
  it('is a URL, or a path below msfs as in old databases', () => {
    for (const text of ['/g0/000/000/1.jpg', 'g0/000/000/1.jpg', `${msfs}/g0/000/000/1.jpg`]) {
      expect(avatarUrl(text, `${msfs}/`, origins)).toBe(`${msfs}/g0/000/000/1.jpg`);
    }
  });

  it.each([
    '',
    'ws://',
    'a://[',
    'ftp://:',
    'https://',
    'http://[',
    'javascript:alert(1)',
    'data:image/png;base64,AA',
    '\\\\evil.example/x.png',
    'https://evil.example/x.png',
  ])('is not shown from %j', (text) => {
    expect(avatarUrl(text, `${msfs}/`, origins)).toBeUndefined();
  });
});

it('only http and https URLs become links', () => {
  expect(safeUrl('https://a.example')).toBe('https://a.example/');
  expect(safeUrl('javascript:alert(1)')).toBeUndefined();
});

it('a preview is one line', () => {
  expect(previewOf(` a\n b ${imageText('http://x/y.png')}`, '[Image]')).toBe('a b [Image]');
});

it('a preview of a long text is its beginning', () => {
  const image = imageText('http://x/y.png');
  expect(previewOf(`${image} ${'x'.repeat(100_000)}`, '[Image]')).toMatch(/^\[Image\] x{100,300}$/);
  expect(previewOf(image.repeat(1_000), '[Image]').length).toBeLessThanOrEqual(300);
});
