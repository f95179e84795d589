/** Milliseconds for which a message is remembered; the slowest client gives up after 10 s. */
const memoryMs = 30_000;
const wordsPerEntry = 6;
const firstCapacity = 8;
/** At 20 messages a second after a burst of 40 these are the last ten seconds. */
const maxCapacity = 256;
/** Of a longer message only the beginning and the end are hashed, bytes each. */
const hashedPart = 2048;

/** In the place of the msg_id of a message of which nobody knows whether it is stored. */
const inDoubt = 0xffff_ffff;

/** What became of a message that was sent before. */
export interface EarlierSend {
  /** 0: it is not stored, as far as is known */
  msgId: number;
  /** its ticket, when the store gave no result and may have it nevertheless; undefined otherwise */
  inDoubt: number | undefined;
}

/**
 * The last messages of one connection. Windows clients send a message again, with the same seq_num, when
 * no ack came within 5 s (protocol notes, section 12): a repetition gets the first one's ack instead of
 * being stored twice. A ring of numbers, so that busy connections stay small.
 */
export class RecentSends {
  /** seq_num, session, fingerprint, msg_id, time since #origin, ticket of each entry */
  #ring = new Uint32Array(firstCapacity * wordsPerEntry);
  /** Entries written since the ring was made. */
  #count = 0;
  /** Times count from here: 32 bits hold those of 49 days. */
  #origin = 0;
  #latest = Number.NEGATIVE_INFINITY;
  /** The highest seq_num in the ring, and the number of its entry: a higher one is new without a search. */
  #highest = -1;
  #highestAt = 0;

  get #capacity(): number {
    return this.#ring.length / wordsPerEntry;
  }

  /** @param now milliseconds of a monotonic clock */
  find(seqNum: number, sessionId: number, fingerprint: number, now: number): EarlierSend | undefined {
    if (seqNum > this.#highest) return undefined;
    const at = this.#indexOf(seqNum, sessionId, fingerprint, now - this.#origin - memoryMs);
    if (at < 0) return undefined;
    const msgId = this.#ring[at + 3]!;
    return msgId === inDoubt ? { msgId: 0, inDoubt: this.#ring[at + 5] } : { msgId, inDoubt: undefined };
  }

  /** Remembers a message that is being sent. */
  add(seqNum: number, sessionId: number, fingerprint: number, now: number, ticket: number): void {
    if (now - this.#latest > memoryMs) {
      // Nothing of what is here is of use any more.
      this.#count = 0;
      this.#highest = -1;
      this.#origin = now;
    }
    this.#latest = now;
    if (this.#count >= this.#capacity) this.#growUnlessOld(now - this.#origin - memoryMs);
    const at = this.#at(this.#count);
    this.#ring[at] = seqNum;
    this.#ring[at + 1] = sessionId;
    this.#ring[at + 2] = fingerprint;
    this.#ring[at + 3] = 0;
    this.#ring[at + 4] = now - this.#origin;
    this.#ring[at + 5] = ticket;
    this.#noteHighest(seqNum, this.#count++);
  }

  /** A message that was in doubt is being sent again. */
  reopen(seqNum: number, sessionId: number, fingerprint: number): void {
    const at = this.#indexOf(seqNum, sessionId, fingerprint, 0);
    if (at >= 0) this.#ring[at + 3] = 0;
  }

  /**
   * Notes the result of a message.
   * @param msgId 0: it is not stored, and forgotten; undefined: nobody knows, and when it is sent again it has to
   * be the same one
   */
  settle(seqNum: number, sessionId: number, fingerprint: number, msgId: number | undefined): void {
    const at = this.#indexOf(seqNum, sessionId, fingerprint, 0);
    if (at < 0) return;
    if (msgId === 0) this.#ring[at + 1] = 0;
    else this.#ring[at + 3] = msgId ?? inDoubt;
  }

  /** After 65,535 clients begin again: the highest is then another one once the old one is overwritten. */
  #noteHighest(seqNum: number, number: number): void {
    if (seqNum >= this.#highest) {
      this.#highest = seqNum;
      this.#highestAt = number;
    } else if (this.#highestAt <= number - this.#capacity) {
      this.#highest = -1;
      for (let each = number - this.#capacity + 1; each <= number; each++) {
        const seq = this.#ring[this.#at(each)]!;
        if (seq < this.#highest) continue;
        this.#highest = seq;
        this.#highestAt = each;
      }
    }
  }

  /** Where the newest such entry is that is not older than `oldest`; -1: nowhere. */
  #indexOf(seqNum: number, sessionId: number, fingerprint: number, oldest: number): number {
    const ring = this.#ring;
    let at = this.#at(this.#count);
    for (let left = Math.min(this.#count, this.#capacity); left > 0; left--) {
      at = (at === 0 ? ring.length : at) - wordsPerEntry;
      if (ring[at + 4]! < oldest) return -1;
      if (ring[at] === seqNum && ring[at + 1] === sessionId && ring[at + 2] === fingerprint) return at;
    }
    return -1;
  }

  #at(index: number): number {
    return (index % this.#capacity) * wordsPerEntry;
  }

  /** Doubles the ring when its oldest entry is still of use. */
  #growUnlessOld(oldest: number): void {
    const capacity = this.#capacity;
    if (capacity >= maxCapacity || this.#ring[this.#at(this.#count) + 4]! < oldest) return;
    const larger = new Uint32Array(this.#ring.length * 2);
    const oldestAt = this.#at(this.#count);
    larger.set(this.#ring.subarray(oldestAt));
    larger.set(this.#ring.subarray(0, oldestAt), this.#ring.length - oldestAt);
    this.#ring = larger;
    this.#highestAt -= this.#count - capacity;
    this.#count = capacity;
  }
}

/** A number that tells messages of different type or content apart (FNV-1a, unsigned 32-bit). */
export function fingerprintOf(msgType: number, data: Uint8Array): number {
  const { length } = data;
  let hash = Math.imul(0x811c9dc5 ^ msgType, 0x01000193);
  hash = Math.imul(hash ^ length, 0x01000193);
  const headEnd = length > 2 * hashedPart ? hashedPart : length;
  for (let i = 0; i < headEnd; i++) hash = Math.imul(hash ^ data[i]!, 0x01000193);
  for (let i = Math.max(headEnd, length - hashedPart); i < length; i++) {
    hash = Math.imul(hash ^ data[i]!, 0x01000193);
  }
  return hash >>> 0;
}
