/**
 * Whether a text can be stored in a column of so many characters. They are counted as PostgreSQL counts
 * them: code points, each of one or two UTF-16 units. PostgreSQL has no NUL in texts.
 */
export function isStorableText(text: string, maxCharacters: number): boolean {
  if (text.length > maxCharacters * 2 || text.includes('\0')) return false;
  return text.length <= maxCharacters || [...text].length <= maxCharacters;
}
