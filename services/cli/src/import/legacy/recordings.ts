import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LegacyDatabase } from './mysql.js';

/** Why the sound of a voice message cannot be had. */
type MissingReason = 'no row' | 'no file' | 'no duration' | 'other size' | 'no folder';

export interface Recording {
  /** big-endian seconds, and the file; the four bytes alone where it is missing */
  data: Buffer;
  missing: MissingReason | undefined;
}

interface AudioRow {
  file: string | undefined;
  size: number;
  duration: number;
}

const rowsTogether = 1_000;
/** of the files that are read at a time, bytes */
const windowBytes = 8 * 1024 * 1024;
const windowFiles = 64;

/** The files of msfs that voice messages name. */
export class Recordings {
  readonly #legacy: LegacyDatabase;
  readonly #folder: string | undefined;

  /** @param folder `BaseDir` of msfs; undefined: there is none to read from */
  constructor(legacy: LegacyDatabase, folder: string | undefined) {
    this.#legacy = legacy;
    this.#folder = folder;
  }

  /** The recordings of these `IMAudio.id`s, in their order; memory is bounded, whatever their number. */
  async *read(ids: readonly string[]): AsyncGenerator<Recording> {
    for (let start = 0; start < ids.length; start += rowsTogether) {
      const some = ids.slice(start, start + rowsTogether);
      const rows = await this.#rows(some);
      for (let at = 0; at < some.length; ) {
        const end = windowEnd(some, rows, at);
        await this.#legacy.pace.rest();
        yield* await Promise.all(some.slice(at, end).map((id) => this.#recording(rows.get(id))));
        at = end;
      }
    }
  }

  async #rows(ids: readonly string[]): Promise<Map<string, AudioRow>> {
    const numbers = ids.filter((id) => /^\d{1,10}$/.test(id));
    if (numbers.length === 0 || !this.#legacy.hasTable('IMAudio')) return new Map();
    const rows = await this.#legacy.rows<[number, string | null, number, number]>(
      `SELECT id, path, size, duration FROM IMAudio WHERE id IN (${numbers.join(', ')})`,
    );
    const byId = new Map<string, AudioRow>();
    for (const [id, url, size, duration] of rows) byId.set(`${id}`, { file: fileOf(url), size, duration });
    return byId;
  }

  async #recording(row: AudioRow | undefined): Promise<Recording> {
    if (row === undefined) return { data: Buffer.alloc(4), missing: 'no row' };
    const head = Buffer.alloc(4);
    head.writeUInt32BE(row.duration);
    const without = (missing: MissingReason): Recording => ({ data: head, missing });
    // The old server never sent such a sound, either.
    if (row.duration === 0 || row.size === 0) return without('no duration');
    if (this.#folder === undefined) return without('no folder');
    if (row.file === undefined) return without('no file');
    const file = path.join(this.#folder, row.file);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) return without('no file');
    if (found.size !== row.size) return without('other size');
    const content = await readFile(file);
    return content.length === row.size
      ? { data: Buffer.concat([head, content]), missing: undefined }
      : without('other size');
  }
}

/** The end of the window that begins at `start`: few enough bytes and files. */
function windowEnd(ids: readonly string[], rows: ReadonlyMap<string, AudioRow>, start: number): number {
  let bytes = 0;
  let end = start;
  while (end < ids.length && end - start < windowFiles) {
    bytes += rows.get(ids[end]!)?.size ?? 0;
    if (end > start && bytes > windowBytes) break;
    end++;
  }
  return end;
}

/** The place below `BaseDir` of a URL of msfs: what comes before the numbered folders is not on the disk. */
export function fileOf(url: string | null): string | undefined {
  const place = /(?:^|\/)(\d{3}\/\d{3}\/[^/?#]+)$/.exec(url ?? '')?.[1];
  return place?.endsWith('/..') ? undefined : place;
}
