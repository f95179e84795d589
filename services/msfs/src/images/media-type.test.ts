import { describe, expect, it } from 'vitest';
import { picture } from '../testing/pictures.js';
import { endingFor, shownType } from './media-type.js';

describe('the type of a file follows from its first bytes', () => {
  it.each(['jpeg', 'png', 'webp', 'gif'] as const)('%s', async (format) => {
    expect(await shownType(await picture(20, 20, format))).toBe(`image/${format}`);
  });

  it.each([
    ['html', '<!doctype html><script>alert(1)</script>'],
    ['svg', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['bare svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['xml', '<?xml version="1.0"?><a/>'],
    ['javascript', 'alert(1)'],
    ['pdf', '%PDF-1.4\n'],
    ['zip', 'PK\x03\x04\x14\0\0\0'],
    ['html before a jpeg', '<html>\xff\xd8\xff\xe0'],
    ['text', 'hello'],
    ['one byte', '\xff'],
    ['an icon', '\0\0\x01\0\x01\0'],
    ['a tiff', 'II*\0'],
  ])('%s is only a download', async (_what, content) => {
    expect(await shownType(Buffer.from(content, 'latin1'))).toBeUndefined();
  });
});

it.each([
  ['image/jpeg', 'jpeg', 'jpeg'],
  ['image/jpeg', 'JPG', 'jpg'],
  ['image/jpeg', 'html', 'jpg'],
  ['image/jpeg', undefined, 'jpg'],
  ['image/png', 'jpg', 'png'],
  [undefined, 'html', 'html'],
  [undefined, 'pdf', 'pdf'],
  [undefined, 'jpg', 'bin'],
  [undefined, 'p/../p', 'bin'],
  [undefined, undefined, 'bin'],
])('a file of type %s with the client’s extension %s gets %s', (type, wanted, ending) => {
  expect(endingFor(type, wanted)).toBe(ending);
});
