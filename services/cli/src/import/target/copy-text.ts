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
export function* chunksOf(lines: Iterable<string>, encoding: 'utf8' | 'latin1' = 'utf8'): Generator<Buffer> {
  let pieces: string[] = [];
  let length = 0;
  for (const line of lines) {
    pieces.push(line);
    length += line.length;
    if (length < targetBytes) continue;
    yield Buffer.from(pieces.join(''), encoding);
    pieces = [];
    length = 0;
  }
  if (length > 0) yield Buffer.from(pieces.join(''), encoding);
}
