import { expect, test } from 'vitest';
import { fuzzTexts } from '../testing/fuzzed-texts.js';

test('no text leads to a request that is too long, invalid, or cut within a character', () => {
  expect(fuzzTexts(3_000, 20_261_126).shortened).toBeGreaterThan(100);
}, 120_000);
