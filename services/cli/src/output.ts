/** Writes one line of result to stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Removes line breaks and control characters from untrusted text, which must not reach the terminal. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

/** Prints a row of a list, with its fields separated by tabs. */
export function printRow(fields: readonly (string | number)[]): void {
  print(fields.map((field) => plain(String(field))).join('\t'));
}

/** The option of every command that lists things. */
export const jsonOption = ['--json', 'print JSON, one object per line'] as const;

/** Writes an object as one line of JSON to stdout. */
export function printJson(object: object): void {
  // JSON.stringify does not escape some control characters.
  print(JSON.stringify(object).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, escaped));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Writes one line about the work, not its result, to stderr. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A line that shows the progress of long work, rewritten in place; only on a terminal. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** Removes the progress line before other output. */
export function clearProgress(): void {
  showProgress('');
}
