import { expect, it } from 'vitest';
import { en } from './en.js';
import { zh } from './zh.js';

it('every text is in both languages', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  const texts = (dictionary: typeof en) =>
    Object.values(dictionary).map((entry) =>
      typeof entry === 'string'
        ? entry
        : (entry as (...words: never[]) => string)(...(['1', '2'] as never[])),
    );
  for (const text of [...texts(en), ...texts(zh)]) expect(text).not.toMatch(/^\s*$|undefined/);
  for (const text of texts(en)) expect(text).not.toMatch(/\p{Script=Han}/u);
});
