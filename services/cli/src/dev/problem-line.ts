const problems = new Set(['warn', 'error', 'fatal']);
const longest = 300;

/**
 * A log line as it is shown on the screen; undefined when it is no warning or worse. What is not JSON is a
 * process's last words, a stack trace for instance, and is shown as it is.
 */
export function problemLine(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  const entry = parse(line);
  if (!entry) return cut(line);
  if (!problems.has(String(entry.level))) return undefined;
  const cause = (entry.err as { message?: unknown } | undefined)?.message;
  return cut(`${String(entry.level)}: ${String(entry.msg ?? '')}${cause ? ` (${String(cause)})` : ''}`);
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  const oneLine = text.replaceAll('\n', ' ');
  return oneLine.length > longest ? `${oneLine.slice(0, longest)}…` : oneLine;
}
