/**
 * Whether a text fits a column of `maxCharacters`, counted in code points as PostgreSQL does. PostgreSQL does not allow
 * NUL in text.
 */
export function isStorableText(text: string, maxCharacters: number): boolean {
  if (text.length > maxCharacters * 2 || text.includes('\0')) return false;
  return text.length <= maxCharacters || [...text].length <= maxCharacters;
}

/** A pattern for LIKE or ILIKE that matches a text anywhere; empty for an empty text. */
export function containing(text: string): string {
  const searched = text.replaceAll('\0', '').replaceAll(/[\\%_]/g, '\\$&');
  return searched === '' ? '' : `%${searched}%`;
}
