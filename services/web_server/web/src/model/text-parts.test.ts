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

  it('are links where images are not shown from', () => {
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

describe('a message that is made to hold up the page', () => {
  // Nothing longer fits into a message.
  const longest = 290_000;
  const textOf = (text: string) =>
    partsOf(text, origins).map((part) => ('text' in part ? part.text : part.url));

  it.each(['.', ')', '[a'])('is taken apart in one go: a link with many %j', (unit) => {
    const text = `http://${unit.repeat(longest / unit.length)}a`;
    const begin = performance.now();
    expect(textOf(text).join('')).toBe(text);
    // Minutes, if each of them were looked at from each other.
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
  it('is a URL, or as in old databases a path below msfs', () => {
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

it('only http and https are linked to', () => {
  expect(safeUrl('https://a.example')).toBe('https://a.example/');
  expect(safeUrl('javascript:alert(1)')).toBeUndefined();
});

it('a preview is one line', () => {
  expect(previewOf(` a\n b ${imageText('http://x/y.png')}`, '[Image]')).toBe('a b [Image]');
});

it('a preview is the beginning of a long text', () => {
  const image = imageText('http://x/y.png');
  expect(previewOf(`${image} ${'x'.repeat(100_000)}`, '[Image]')).toMatch(/^\[Image\] x{100,300}$/);
  expect(previewOf(image.repeat(1_000), '[Image]').length).toBeLessThanOrEqual(300);
});
