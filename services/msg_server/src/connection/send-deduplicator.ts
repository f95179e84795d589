import type { SentEntry } from '@teamtalk/rpc';

/** Milliseconds for which the outcome of a message is remembered; the slowest client gives up after 10 s. */
const retentionMs = 30_000;
const wordsPerEntry = 7;
const firstCapacity = 8;
/** At 20 messages a second after a burst of 40 these are the last ten seconds. */
const maxCapacity = 256;
/** Messages of which one has no outcome yet may be this many: see docs/reliability.md. */
const maxCapacityInDoubt = 1024;
/** Of a longer message only the beginning and the end are hashed, bytes each. */
const hashedPart = 2048;

/** In the place of the msg_id of a message of which nobody knows whether it is stored. */
const inDoubt = 0xffff_ffff;

/** What became of a message that was sent before. */
export interface EarlierSend {
  /** 0: it is not stored, as far as is known */
  msgId: number;
  /** by what to send it again, when the store gave no result and may have it nevertheless; undefined otherwise */
  inDoubt: SentEntry | undefined;
}

/**
 * The last messages of one connection. Windows clients send a message again, with the same seq_num, when
 * no ack came within 5 s (client-behaviour.md#resent-messages): a repetition gets the first one's ack instead of
 * being stored twice, as long as the client goes on repeating it. A ring of numbers, so that busy connections
 * stay small.
 */
export class SendDeduplicator {
  /** seq_num, session, fingerprint, msg_id, time of the last news of it, request id, horizon of each entry */
  #ring = new Uint32Array(firstCapacity * wordsPerEntry);
  /** Entries written since the ring was made. */
  #count = 0;
  /** The highest seq_num in the ring, and the number of its entry: a higher one is new without a search. */
  #highest = -1;
  #highestAt = 0;

  get #capacity(): number {
    return this.#ring.length / wordsPerEntry;
  }

  /** @param now milliseconds of a monotonic clock */
  find(seqNum: number, sessionId: number, fingerprint: number, now: number): EarlierSend | undefined {
    if (seqNum > this.#highest) return undefined;
    const at = this.#indexOf(seqNum, sessionId, fingerprint);
    if (at < 0 || !this.#isLive(at, now)) return undefined;
    const msgId = this.#ring[at + 3]!;
    if (msgId !== inDoubt) return { msgId, inDoubt: undefined };
    return { msgId: 0, inDoubt: { requestId: this.#ring[at + 5]!, horizon: this.#ring[at + 6]! } };
  }

  /** Remembers a message that is being sent; one that was in doubt counts as the newest again. */
  add(seqNum: number, sessionId: number, fingerprint: number, now: number, sent: SentEntry): void {
    const earlier = seqNum > this.#highest ? -1 : this.#indexOf(seqNum, sessionId, fingerprint);
    if (earlier >= 0) this.#forget(earlier);
    if (this.#count >= this.#capacity) this.#growIfLive(now);
    const at = this.#at(this.#count);
    this.#ring[at] = seqNum;
    this.#ring[at + 1] = sessionId;
    this.#ring[at + 2] = fingerprint;
    this.#ring[at + 3] = 0;
    this.#ring[at + 4] = now;
    this.#ring[at + 5] = sent.requestId;
    this.#ring[at + 6] = sent.horizon;
    this.#noteHighest(seqNum, this.#count++);
  }

  /**
   * Notes the result of a message.
   * @param msgId 0: it is not stored, and forgotten; undefined: nobody knows, and when it is sent again it has to
   * be the same one
   */
  settle(
    seqNum: number,
    sessionId: number,
    fingerprint: number,
    msgId: number | undefined,
    now: number,
  ): void {
    const at = this.#indexOf(seqNum, sessionId, fingerprint);
    if (at < 0) return;
    if (msgId === 0) {
      this.#forget(at);
      return;
    }
    this.#ring[at + 3] = msgId ?? inDoubt;
    this.#ring[at + 4] = now;
  }

  #forget(at: number): void {
    this.#ring[at + 1] = 0;
    this.#ring[at + 3] = 0;
  }

  /** Whether a repetition of it may still come: one without an outcome is repeated for as long as that takes. */
  #isLive(at: number, now: number): boolean {
    if (this.#ring[at + 1] === 0) return false;
    // 32 bits hold the times of 49 days: what is older has long been overwritten, or looks younger than it is.
    return this.#hasNoOutcome(at) || (now - this.#ring[at + 4]!) >>> 0 <= retentionMs;
  }

  #hasNoOutcome(at: number): boolean {
    const msgId = this.#ring[at + 3];
    return this.#ring[at + 1] !== 0 && (msgId === 0 || msgId === inDoubt);
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

  /** Where the newest such entry is; -1: nowhere. */
  #indexOf(seqNum: number, sessionId: number, fingerprint: number): number {
    const ring = this.#ring;
    let at = this.#at(this.#count);
    for (let left = Math.min(this.#count, this.#capacity); left > 0; left--) {
      at = (at === 0 ? ring.length : at) - wordsPerEntry;
      if (ring[at] === seqNum && ring[at + 1] === sessionId && ring[at + 2] === fingerprint) return at;
    }
    return -1;
  }

  #at(index: number): number {
    return (index % this.#capacity) * wordsPerEntry;
  }

  /** Doubles the ring when its oldest entry is still of use. */
  #growIfLive(now: number): void {
    const capacity = this.#capacity;
    const oldestAt = this.#at(this.#count);
    const most = this.#hasNoOutcome(oldestAt) ? maxCapacityInDoubt : maxCapacity;
    if (capacity >= most || !this.#isLive(oldestAt, now)) return;
    const larger = new Uint32Array(this.#ring.length * 2);
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
