/** Writes one line of result to stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one line about the work, not its result, to stderr. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A line that shows how far long work is and changes in place; only on a terminal. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** Takes the progress line away, for what comes next. */
export function clearProgress(): void {
  showProgress('');
}
