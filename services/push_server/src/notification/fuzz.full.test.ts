import { expect, test } from 'vitest';
import { fuzzTexts } from '../testing/fuzzed-texts.js';

/** PUSH_TEXTS=1000000 PUSH_TEXTS_SEED=7 tries more, or others. */
const texts = Number(process.env.PUSH_TEXTS ?? 50_000);
const seed = Number(process.env.PUSH_TEXTS_SEED ?? 1);

test(
  `none of ${texts} texts, from seed ${seed}, makes what is sent too long, invalid, or broken within a character`,
  () => {
    const { shortened } = fuzzTexts(texts, seed);
    console.log(`push: ${texts} texts of seed ${seed} for each provider, ${shortened} of them shortened`);
    expect(shortened).toBeGreaterThan(texts / 50);
  },
  Math.max(60_000, 10 * texts),
);
