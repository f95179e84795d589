import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const flushBytes = 32 * 1024;
const kinds = ['old', 'new', 'map', 'facts'] as const;
type Kind = (typeof kinds)[number];

interface Part {
  descriptor: number;
  /** what is not in the file yet; empty until the first record */
  buffer: Buffer;
  /** used bytes of `buffer` */
  bytes: number;
}

/**
 * What both stores say, in temporary files by conversation: all of one conversation is in one bucket, which fits into memory.
 * A record takes 64 bytes, so that 100 million messages need 13 GB.
 */
export class Buckets {
  readonly count: number;
  readonly #folder: string;
  readonly #parts = new Map<Kind, Part[]>();

  /** @param messages about how many */
  constructor(messages: number) {
    this.count = Math.min(200, Math.max(1, Math.ceil(messages / 250_000)));
    this.#folder = mkdtempSync(path.join(tmpdir(), 'teamtalk-verify-'));
    for (const kind of kinds) {
      const parts = Array.from({ length: this.count }, (_, bucket) => {
        return {
          descriptor: openSync(this.#file(kind, bucket), 'w', 0o600),
          buffer: Buffer.alloc(0),
          bytes: 0,
        };
      });
      this.#parts.set(kind, parts);
    }
  }

  /** Adds a copy of a record. */
  add(kind: Kind, conv: bigint, record: Buffer): void {
    // The low half of a pair is one user, who has many conversations: both halves decide.
    const bucket = Number((conv ^ (conv >> 32n) ^ (conv >> 7n)) & 0xffff_ffffn) % this.count;
    const part = this.#parts.get(kind)![bucket]!;
    if (part.bytes + record.length > part.buffer.length) {
      flush(part);
      if (record.length > part.buffer.length)
        part.buffer = Buffer.allocUnsafeSlow(Math.max(flushBytes, record.length));
    }
    record.copy(part.buffer, part.bytes);
    part.bytes += record.length;
  }

  addFact(conv: bigint, fact: Fact): void {
    this.add('facts', conv, Buffer.from(`${JSON.stringify({ conv: String(conv), ...fact })}\n`));
  }

  /** Everything of a bucket; nothing can be added from then on. */
  read(bucket: number): { records: Record<'old' | 'new' | 'map', Buffer>; facts: Map<bigint, Fact[]> } {
    const content = (kind: Kind) => {
      flush(this.#parts.get(kind)![bucket]!);
      return readFileSync(this.#file(kind, bucket));
    };
    const facts = new Map<bigint, Fact[]>();
    for (const line of content('facts').toString().split('\n')) {
      if (line === '') continue;
      const { conv, ...fact } = JSON.parse(line) as Fact & { conv: string };
      const known = facts.get(BigInt(conv));
      if (known) known.push(fact as Fact);
      else facts.set(BigInt(conv), [fact as Fact]);
    }
    return { records: { old: content('old'), new: content('new'), map: content('map') }, facts };
  }

  remove(): void {
    for (const parts of this.#parts.values()) for (const { descriptor } of parts) closeSync(descriptor);
    // Whoever still adds after a failure elsewhere must not write into what has these descriptors next.
    this.#parts.clear();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #file(kind: Kind, bucket: number): string {
    return path.join(this.#folder, `${kind}-${bucket}`);
  }
}

function flush(part: Part): void {
  if (part.bytes > 0) writeSync(part.descriptor, part.buffer, 0, part.bytes);
  part.bytes = 0;
}

/** What is known of a conversation besides its messages. */
export type Fact =
  // of the old store
  | { of: 'relation' }
  | { of: 'session'; user: number; listed: boolean }
  | { of: 'unread'; user: number; count: number }
  | { of: 'member'; user: number; left: boolean; updated: number }
  | { of: 'joined'; user: number; at: number }
  | { of: 'counter'; count: number }
  | { of: 'counter at read'; user: number; count: number }
  | { of: 'shield'; user: number; on: boolean }
  // of the new one
  | NewConversation
  | NewMember;

export interface NewConversation {
  of: 'conversation';
  lastId: number;
  lastAt: number;
  lowSent: number;
  read: [low: number, high: number];
  seen: [low: number, high: number];
  removed: [low: number, high: number];
}

export interface NewMember {
  of: 'new member';
  user: number;
  joinedAt: number;
  joinMsgId: number;
  readId: number;
  removedId: number;
  shield: boolean;
}
