import type { SentEntry } from '@teamtalk/rpc';

/** Milliseconds an outcome is remembered; clients resend for at most 10 s. */
const retentionMs = 30_000;
const wordsPerEntry = 7;
const firstCapacity = 8;
/** Covers the time clients resend at the default message rate. */
const maxCapacity = 256;
/** Capacity while the oldest entry has no outcome yet: see docs/reliability.md. */
const maxCapacityInDoubt = 1024;
/** Bytes hashed at each end of a longer message. */
const hashedPart = 2048;

/** Stands for the msg_id of a message that may or may not be stored. */
const inDoubt = 0xffff_ffff;

/** The outcome of an earlier send of the same message. */
export interface EarlierSend {
  /** 0: not known to be stored */
  msgId: number;
  /** what to retry it as when it may be stored without a result; undefined otherwise */
  inDoubt: SentEntry | undefined;
}

/**
 * Recognises messages a connection resends. Windows clients resend a message with the same seq_num when no ack comes
 * within 5 s (client-behaviour.md#resent-messages); the resent one gets the first one's ack instead of being stored
 * twice. Entries are kept in a ring of numbers to save memory.
 */
export class SendDeduplicator {
  /** seq_num, session, fingerprint, msg_id, time of the last update, request id and horizon of each entry */
  #ring = new Uint32Array(firstCapacity * wordsPerEntry);
  /** Entries written since the ring was created. */
  #count = 0;
  /** The highest seq_num in the ring and its entry's number: a higher seq_num is new without a search. */
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

  /** Remembers a message that is being sent; a retried one becomes the newest entry. */
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
   * Records the outcome of a message.
   * @param msgId 0: not stored, the entry is dropped; undefined: in doubt, to be retried under the same request id
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

  /** Whether the message may still be resent: without an outcome, for as long as that takes. */
  #isLive(at: number, now: number): boolean {
    if (this.#ring[at + 1] === 0) return false;
    // 32 bits hold 49 days of milliseconds: an older entry has long been overwritten, or seems younger than it is.
    return this.#hasNoOutcome(at) || (now - this.#ring[at + 4]!) >>> 0 <= retentionMs;
  }

  #hasNoOutcome(at: number): boolean {
    const msgId = this.#ring[at + 3];
    return this.#ring[at + 1] !== 0 && (msgId === 0 || msgId === inDoubt);
  }

  /** Clients wrap around after 65,535: the highest is searched anew once its entry is overwritten. */
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

  /** Index of the newest matching entry; -1: none. */
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

  /** Doubles the ring while its oldest entry is live. */
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

/** Hash of a message's type and content (FNV-1a, unsigned 32-bit). */
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
