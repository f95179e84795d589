import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inLanes } from '../in-lanes.js';
import type { OldStore } from './old-store.js';
import type { Tally } from './tally.js';

/** IMAudio.id is a signed 32-bit number. */
const largestAudio = 2_147_483_647;

interface Audio {
  id: number;
  path: string | null;
  size: number;
  duration: number;
}

/** What the data of voice messages is: seconds as four bytes, then the sound, which is left out where it cannot be had. */
export class OldSounds {
  readonly #store: OldStore;
  readonly #folder: string | undefined;
  readonly #lanes: number;
  /** ids referred to by messages */
  readonly #named = new Ids();
  /** ids referred to by messages of other projects */
  readonly #others = new Ids();

  /** @param lanes files that are read at a time */
  constructor(store: OldStore, folder: string | undefined, lanes: number) {
    this.#store = store;
    this.#folder = folder;
    this.#lanes = lanes;
  }

  /** @returns the data by the content of the row */
  async of(contents: ReadonlySet<string>): Promise<Map<string, Buffer>> {
    const ids = [...contents].filter((content) => /^\d{1,10}$/.test(content)).map(Number);
    const rows =
      ids.length > 0 && this.#store.hasTable('IMAudio')
        ? await this.#store.query<Audio>(
            `SELECT id, CAST(path AS CHAR) AS path, size, duration FROM IMAudio WHERE id IN (${ids.join(',')})`,
          )
        : [];
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const { id } of rows) this.#named.add(id);
    const data = new Map<string, Buffer>();
    await inLanes(this.#lanes, contents, async (content) => {
      await this.#store.rest();
      data.set(content, await this.#data(byId.get(Number(content || Number.NaN))));
    });
    return data;
  }

  /** Sorts the rows of IMAudio by whether a message that is shown names them. */
  async count(tally: Tally): Promise<void> {
    for await (const { id } of this.#store.rows<{ id: number }>('IMAudio', 'id')) {
      if (this.#named.has(id)) tally.imported('IMAudio');
      else tally.leftOut('IMAudio', this.#others.has(id) ? 'other-project' : 'audio-unused');
    }
  }

  /** @param content the content column of a row of another project */
  nameOther(content: string): void {
    if (/^\d{1,10}$/.test(content) && Number(content) <= largestAudio) this.#others.add(Number(content));
  }

  async #data(audio: Audio | undefined): Promise<Buffer> {
    const seconds = Buffer.alloc(4);
    if (!audio) return seconds;
    seconds.writeUInt32BE(audio.duration);
    const place = /\/(\d{3}\/\d{3}\/[^/]+)$/.exec(audio.path ?? '')?.[1];
    // The old server sends no sound that has no size or no duration.
    if (!place || !this.#folder || audio.size === 0 || audio.duration === 0) return seconds;
    const sound = await readFile(path.join(this.#folder, place)).catch(() => undefined);
    return sound?.length === audio.size ? Buffer.concat([seconds, sound]) : seconds;
  }
}

/** A set of ids, one bit each. */
class Ids {
  #bits = Buffer.alloc(0);

  add(id: number): void {
    if (id >> 3 >= this.#bits.length) this.#bits = Buffer.concat([this.#bits], Math.max(1_024, id >> 2));
    this.#bits[id >> 3]! |= 1 << (id & 7);
  }

  has(id: number): boolean {
    return (((this.#bits[id >> 3] ?? 0) >> (id & 7)) & 1) === 1;
  }
}
