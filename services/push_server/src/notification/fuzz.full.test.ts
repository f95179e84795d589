import { expect, test } from 'vitest';
import { fuzzTexts } from '../testing/fuzzed-texts.js';

/** Set PUSH_TEXTS=1000000 for more texts, and PUSH_TEXTS_SEED=7 for different ones. */
const texts = Number(process.env.PUSH_TEXTS ?? 50_000);
const seed = Number(process.env.PUSH_TEXTS_SEED ?? 1);

test(
  `none of ${texts} texts from seed ${seed} leads to a request that is too long, invalid, or cut within a character`,
  () => {
    const { shortened } = fuzzTexts(texts, seed);
    console.log(`push: ${texts} texts of seed ${seed} for each provider, ${shortened} of them shortened`);
    expect(shortened).toBeGreaterThan(texts / 50);
  },
  Math.max(60_000, 10 * texts),
);
