/** Makes a text valid Unicode: half of a surrogate pair becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, '\ufffd');
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Longest text taken apart, UTF-16 units; far above what a banner shows. */
const maxUnits = 16_384;

/**
 * The beginning of a text, cut between characters as people see them, with an ellipsis where something is missing.
 * Control characters and runs of blanks become one blank; lone surrogates become U+FFFD.
 * @param maxGraphemes with the ellipsis
 */
export function shorten(text: string, maxGraphemes: number): string {
  return shortenTo(text, maxGraphemes, () => 1);
}

/**
 * Shortens a text to a maximum width.
 * @param widthOf width of a character
 */
export function shortenTo(text: string, maxWidth: number, widthOf: (character: string) => number): string {
  const clean = wellFormed(text.slice(0, maxUnits))
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const cut = text.length > maxUnits;
  const widthBefore = maxWidth - widthOf('…');
  let width = 0;
  let end = 0;
  for (const { segment, index } of graphemes.segment(clean)) {
    if (width <= widthBefore) end = index;
    width += widthOf(segment);
    if (width > maxWidth) return `${clean.slice(0, end)}…`;
  }
  return cut ? `${clean}…` : clean;
}

/** Shortens by half the graphemes it has. @returns empty when there is nothing to shorten */
export function halve(text: string): string {
  const count = [...graphemes.segment(text)].length;
  return count <= 1 ? '' : shorten(text, Math.max(1, count >> 1));
}
