import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { FileSink, FileSource } from '@teamtalk/client';

/** Content of any size that needs no memory: a key stream, read from wherever. */
export class GeneratedFile implements FileSource {
  readonly name: string;
  readonly size: number;
  /** Set: a read from this offset on waits until it resolves. */
  gate: { from: number; reached: () => void; open: Promise<void> } | undefined;
  readonly #key = randomBytes(32);

  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (this.gate && offset >= this.gate.from) {
      this.gate.reached();
      await this.gate.open;
    }
    return this.#bytes(offset, length);
  }

  sha256(): string {
    const hash = createHash('sha256');
    for (let offset = 0; offset < this.size; offset += 1_048_576) {
      hash.update(this.#bytes(offset, Math.min(1_048_576, this.size - offset)));
    }
    return hash.digest('hex');
  }

  #bytes(offset: number, length: number): Buffer {
    const counter = Buffer.alloc(16);
    counter.writeUInt32BE(Math.floor(offset / 16), 12);
    const skip = offset % 16;
    return createCipheriv('aes-256-ctr', this.#key, counter)
      .update(Buffer.alloc(skip + length))
      .subarray(skip);
  }
}

/** Takes a file and keeps its hash. */
export class HashingSink implements FileSink {
  readonly offset = 0;
  bytes = 0;
  sha256 = '';
  readonly #hash = createHash('sha256');

  async write(data: Uint8Array): Promise<void> {
    this.#hash.update(data);
    this.bytes += data.length;
  }

  async finish(): Promise<void> {
    this.sha256 = this.#hash.digest('hex');
  }
}
