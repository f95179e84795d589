import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { readText } from './standard-input.js';

it.each([
  ['hello\n', 'hello'],
  ['two\nlines\r\n', 'two\nlines'],
  ['a blank line after\n\n', 'a blank line after\n'],
  ['', ''],
])('reads %j', async (written, text) => {
  expect(await readText(Readable.from([Buffer.from(written)]))).toBe(text);
});

it('puts characters together that come in two parts', async () => {
  const bytes = Buffer.from('世界');
  expect(await readText(Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]))).toBe('世界');
});

it('refuses what no message can be', async () => {
  await expect(readText(Readable.from([Buffer.from([0xff])]))).rejects.toThrow('not UTF-8');
  let read = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(65_536, ++read);
    })(),
  );
  await expect(readText(endless)).rejects.toThrow('too long');
  expect(read).toBeLessThan(40);
});
