// Checks the unpacked size of an .xlsx file, since a small file can expand to any size. Browsers load this module too.

/** Bytes of XML. */
const maxUnpacked = 256 * 1024 * 1024;
const maxEntries = 10_000;
/** Last position of a cell: the reader fills each row up to its last cell. */
const maxColumns = 100;
const maxRows = 100_000;

interface Entry {
  name: string;
  method: number;
  /** unpacked bytes according to the directory, which may be false */
  size: number;
  data: Uint8Array<ArrayBuffer>;
}

/**
 * Whether an archive is small enough to unpack, both by the sizes in its directory and by its actual content.
 * @param most bytes of XML
 * @throws Error when it is not an archive or is corrupt
 */
export async function fitsUnpacked(bytes: Uint8Array<ArrayBuffer>, most = maxUnpacked): Promise<boolean> {
  const xml = [...entriesOf(bytes)].filter(({ name }) => /\.xml(\.rels)?$/.test(name));
  if (xml.reduce((sum, { size }) => sum + size, 0) > most) return false;
  let total = 0;
  for (const entry of xml) {
    const cells = new CellPlaces();
    const reader = unpacked(entry).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      total += part.value.length;
      if (total <= most && cells.fit(part.value)) continue;
      await reader.cancel();
      return false;
    }
  }
  return true;
}

/** Checks, chunk by chunk, that a sheet's rows and cells are within the limits. */
class CellPlaces {
  readonly #decoder = new TextDecoder();
  #rest = '';

  fit(part: Uint8Array): boolean {
    const text = this.#rest + this.#decoder.decode(part, { stream: true });
    // A tag may be split between chunks.
    const end = text.lastIndexOf('<');
    this.#rest = end < 0 ? '' : text.slice(end);
    for (const [, kind = '', attributes = ''] of text.matchAll(tag)) {
      for (const [, place = ''] of attributes.matchAll(placeAttribute)) {
        if (!isWithin(kind, place.slice(1, -1))) return false;
      }
    }
    // Longer: a tag that never ends.
    return this.#rest.length <= maxTag;
  }
}

const maxTag = 100_000;
const tag = /<(?:\w+:)?(c|row)(\s(?:"[^"]*"|'[^']*'|[^>"'])*)>/g;
const placeAttribute = /\sr\s*=\s*("[^"]*"|'[^']*')/g;

/** Rejects positions in any notation other than the one spreadsheets write. */
function isWithin(kind: string, place: string): boolean {
  const [, letters = '', row = ''] =
    (kind === 'c' ? /^([A-Z]{1,3})(\d{1,7})$/ : /^()(\d{1,7})$/).exec(place) ?? [];
  const column = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
  return row !== '' && Number(row) <= maxRows && column <= maxColumns;
}

function unpacked({ method, data }: Entry): ReadableStream<Uint8Array> {
  const stream = new Blob([data]).stream();
  return method === 0 ? stream : stream.pipeThrough(new DecompressionStream('deflate-raw'));
}

/** Reads the central directory at the end, as the unpacker does. */
function* entriesOf(bytes: Uint8Array<ArrayBuffer>): Generator<Entry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--;
  const count = view.getUint16(end + 8, true);
  if (count > maxEntries) throw new Error('too many files');
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    const nameLength = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    yield {
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      size: view.getUint32(at + 24, true),
      data: bytes.subarray(begin, begin + view.getUint32(at + 20, true)),
    };
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
}
