/** What became of the messages of a run. Every count should be 0 but the first three. */
export interface LedgerCounts {
  sent: number;
  acked: number;
  delivered: number;
  /** acks and deliveries that should have come by now */
  unacked: number;
  undelivered: number;
  /** the same message a second time to one receiver */
  duplicates: number;
  /** below a msg_id that was delivered to that receiver before */
  reordered: number;
  /** acks whose msg_id falls along the order in which one sender sent */
  inverted: number;
  /** acks that belong to nothing */
  strayAcks: number;
  /** to somebody who should not have it */
  misrouted: number;
  /** of another run, or none of ours */
  foreign: number;
}

/**
 * Every message of a run, by its number: number k is the (k / senders)th of sender k % senders. One byte and
 * one msg_id a message, one bit a receiver.
 */
export class Ledger {
  readonly senders: number;
  readonly receivers: number;
  /** by number; 0: no ack came */
  readonly msgIds: Uint32Array;
  readonly #delivered: Uint8Array;
  /** by sender */
  readonly #sent: Uint32Array;
  #sentCount = 0;
  #acked = 0;
  #deliveredCount = 0;
  duplicates = 0;
  reordered = 0;
  strayAcks = 0;
  misrouted = 0;
  foreign = 0;

  /**
   * @param total messages at most
   * @param senders who send in turn
   * @param receivers of each message
   */
  constructor(total: number, senders: number, receivers: number) {
    this.senders = senders;
    this.receivers = receivers;
    this.msgIds = new Uint32Array(total);
    this.#delivered = new Uint8Array(Math.ceil((total * receivers) / 8));
    this.#sent = new Uint32Array(senders);
  }

  /** @returns the seq_num to send number k with */
  noteSent(k: number): number {
    this.#sentCount++;
    const index = Math.floor(k / this.senders);
    this.#sent[k % this.senders] = index + 1;
    return seqOf(index);
  }

  /** @returns the acknowledged message's number, -1 when there is none or it was acknowledged before */
  noteAck(sender: number, seqNum: number, msgId: number): number {
    const k = this.#numberOf(sender, seqNum);
    if (k < 0 || msgId === 0 || this.msgIds[k] !== 0) {
      this.strayAcks++;
      return -1;
    }
    this.msgIds[k] = msgId;
    this.#acked++;
    return k;
  }

  /** @returns whether it is the first time that number k comes to receiver `slot` of its receivers */
  noteDelivery(k: number, slot: number): boolean {
    const bit = k * this.receivers + slot;
    const mask = 1 << (bit & 7);
    const byte = bit >>> 3;
    if (this.#delivered[byte]! & mask) {
      this.duplicates++;
      return false;
    }
    this.#delivered[byte]! |= mask;
    this.#deliveredCount++;
    return true;
  }

  /** Whether k is the number of a message that was sent. */
  isSent(k: number): boolean {
    return k >= 0 && k < this.msgIds.length && Math.floor(k / this.senders) < this.#sent[k % this.senders]!;
  }

  get complete(): boolean {
    return this.#acked >= this.#sentCount && this.#deliveredCount >= this.#sentCount * this.receivers;
  }

  get sent(): number {
    return this.#sentCount;
  }

  get acked(): number {
    return this.#acked;
  }

  get delivered(): number {
    return this.#deliveredCount;
  }

  counts(): LedgerCounts {
    const { duplicates, reordered, strayAcks, misrouted, foreign } = this;
    return {
      sent: this.#sentCount,
      acked: this.#acked,
      delivered: this.#deliveredCount,
      unacked: this.#sentCount - this.#acked,
      undelivered: this.#sentCount * this.receivers - this.#deliveredCount,
      duplicates,
      reordered,
      inverted: this.#inverted(),
      strayAcks,
      misrouted,
      foreign,
    };
  }

  #numberOf(sender: number, seqNum: number): number {
    const sent = this.#sent[sender]!;
    if (seqNum === 0 || seqNum > sent) return -1;
    // The sequence number wraps: the newest message it can stand for.
    const index = seqNum - 1 + Math.floor((sent - seqNum) / seqNumbers) * seqNumbers;
    return index * this.senders + sender;
  }

  #inverted(): number {
    let inverted = 0;
    const newest = new Uint32Array(this.senders);
    for (let k = 0; k < this.msgIds.length; k++) {
      const msgId = this.msgIds[k]!;
      if (msgId === 0) continue;
      const sender = k % this.senders;
      if (msgId < newest[sender]!) inverted++;
      else newest[sender] = msgId;
    }
    return inverted;
  }
}

/** Sequence numbers go from 1 to this one and round again: 0 is what a server sends unasked. */
const seqNumbers = 65_535;

function seqOf(index: number): number {
  return (index % seqNumbers) + 1;
}
