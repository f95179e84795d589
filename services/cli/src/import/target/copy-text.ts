const special = /[\\\t\n\r\0]/;
const specials = /[\\\t\n\r\0]/g;
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '' };

/** A value in the text format of COPY. NUL, which PostgreSQL's text cannot hold, is left out. */
function copyField(value: string | number | null): string {
  if (value === null) return '\\N';
  if (typeof value === 'number' || !special.test(value)) return `${value}`;
  return value.replaceAll(specials, (character) => escapes[character]!);
}

/** A row in the text format of COPY. */
export function copyLine(values: readonly (string | number | null)[]): string {
  return `${values.map(copyField).join('\t')}\n`;
}

const targetBytes = 65_536;

/** Joins lines to buffers that are worth a write. */
export function* chunksOf(lines: Iterable<string>): Generator<Buffer> {
  let pieces: string[] = [];
  let length = 0;
  for (const line of lines) {
    pieces.push(line);
    length += line.length;
    if (length < targetBytes) continue;
    yield Buffer.from(pieces.join(''));
    pieces = [];
    length = 0;
  }
  if (length > 0) yield Buffer.from(pieces.join(''));
}

/** Joins lines that are bytes already to buffers that are worth a write. */
export function* joined(lines: readonly Buffer[]): Generator<Buffer> {
  for (let at = 0; at < lines.length; at += linesTogether) {
    yield Buffer.concat(lines.slice(at, at + linesTogether));
  }
}

const linesTogether = 1_000;
