/** Writes one line of result to stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The option of every command that lists things. */
export const jsonOption = ['--json', 'print JSON, one object per line'] as const;

/** Writes an object as one line of JSON to stdout. */
export function printJson(object: object): void {
  print(JSON.stringify(object));
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
