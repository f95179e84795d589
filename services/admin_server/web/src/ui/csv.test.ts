import { expect, it } from 'vitest';
import { csvOf } from './csv.js';

it('quotes values with commas, quotes or line breaks', () => {
  expect(csvOf([['a', 'b,c', 'd"e', 'f\ng', 5]])).toBe('\uFEFFa,"b,c","d""e","f\ng",5\r\n');
});

it('turns formulas into text', () => {
  expect(csvOf([['=1+1', '+86 10', '-x', '@y', '\tz']])).toBe("\uFEFF'=1+1,'+86 10,'-x,'@y,'\tz\r\n");
});
