import { describe, expect, it } from 'vitest';
import { en } from './en.js';
import { zh } from './zh-cn.js';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe('the texts', () => {
  it('exist in both languages', () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  it.each(Object.keys(en) as (keyof typeof en)[])('%s says something, with the same values', (key) => {
    expect(en[key].trim()).not.toBe('');
    expect(zh[key].trim()).not.toBe('');
    expect(names(zh[key])).toEqual(names(en[key]));
  });
});
