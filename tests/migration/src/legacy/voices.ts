import { createHash } from 'node:crypto';
import type { LegacyOptions } from './options.js';
import { epoch, oldMsfs } from './people.js';
import type { Random } from './random.js';
import type { LegacySink } from './sink.js';
import { note, type Truth } from './truth.js';

const kinds = ['whole', 'no row', 'no file', 'other size', 'no duration', 'no size', 'no number'] as const;

/** Makes voice messages: their rows of IMAudio, their files, and what is wrong with them. */
export class Voices {
  readonly #sink: LegacySink;
  readonly #truth: Truth;
  #count = 0;

  constructor(sink: LegacySink, truth: Truth) {
    this.#sink = sink;
    this.#truth = truth;
  }

  /** @returns the content of the message's row, and what its data is from then on */
  make(random: Random, fromId: number, toId: number, created: number): { content: string; data: Buffer } {
    const id = ++this.#count;
    const kind =
      id < 2 * kinds.length ? kinds[id % kinds.length]! : random.chance(0.9) ? 'whole' : random.pick(kinds);
    if (kind === 'no row') return { content: String(500_000_000 + id), data: Buffer.alloc(4) };
    if (kind === 'no number') return { content: id % 2 === 0 ? '' : 'voice', data: Buffer.alloc(4) };
    const sound = random.bytes(random.int(20, 300));
    const duration = kind === 'no duration' ? 0 : random.int(1, 60);
    const relative = `${folder(id % 256)}/${folder(id % 7)}/${1_460_000_000_000_000 + id}_140410609219.audio`;
    this.#sink.row('IMAudio', {
      id,
      fromId,
      toId,
      path: `${id % 2 === 0 ? oldMsfs : 'http://10.0.0.9:8700/'}g0/${relative}`,
      size: kind === 'no size' ? 0 : kind === 'other size' ? sound.length + 1 : sound.length,
      duration,
      created,
    });
    note(this.#truth, 'IMAudio');
    if (kind !== 'no file') putImage(this.#sink, this.#truth, relative, sound);
    const seconds = Buffer.alloc(4);
    seconds.writeUInt32BE(duration);
    return { content: String(id), data: kind === 'whole' ? Buffer.concat([seconds, sound]) : seconds };
  }

  /** A recording whose message was never stored. */
  unused(): void {
    const id = ++this.#count;
    this.#sink.row('IMAudio', { id, fromId: 1, toId: 2, path: '', size: 3, duration: 1, created: epoch });
    note(this.#truth, 'IMAudio', 'audio-unused');
  }
}

/** Images that no row names: most are named inside of texts only. One name is not served any more. */
export function makeImages(options: LegacyOptions, random: Random, sink: LegacySink, truth: Truth): void {
  for (let n = 0; n < options.images; n++) {
    const size = n % 3 === 0 ? '_320x240' : '';
    const name =
      n === 5 ? `${1_470_000_000_000_000 + n}_1.图` : `${1_470_000_000_000_000 + n}_140410${size}.jpg`;
    putImage(
      sink,
      truth,
      `${folder(n % 256)}/${folder((n * 7) % 256)}/${name}`,
      random.bytes(100 + n),
      n === 5,
    );
  }
}

function putImage(sink: LegacySink, truth: Truth, relative: string, content: Buffer, refused = false): void {
  sink.image(relative, content);
  note(truth, 'msfs', refused ? 'file-name' : undefined);
  if (refused) return;
  const sha256 = createHash('sha256').update(content).digest('hex');
  truth.images.set(`g0/${relative}`, { size: content.length, sha256 });
}

function folder(n: number): string {
  return String(n).padStart(3, '0');
}
