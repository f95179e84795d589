/** Messages buffered behind a gap at most; the rest is fetched once the gap is filled. */
const maxBuffered = 256;

/**
 * How far one conversation has been delivered to one user on this server. The store numbers a conversation's messages
 * without gaps, so their ids alone tell which one is next, a duplicate or missing. Nothing from before the first
 * message is delivered: either it has been delivered already, or the client found it in history after the login.
 */
export class ConversationCursor<M> {
  /** The highest id up to which everything was delivered. */
  #last: number;
  /** The highest id that is known to exist. */
  #highest: number;
  /** Messages beyond the gap, by id. */
  #buffered: Map<number, M> | undefined;
  /** The newest known version of the group; 0 for a pair. */
  #version: number;
  /** Whether the group's members changed somewhere in the gap. */
  #membersChanged = false;
  /** The highest `outboxId` of the offered messages. */
  outboxId = 0;
  /** The highest id that a phone of the user has acknowledged; 0: none. */
  acknowledged = 0;
  /** The version at which the user was removed from the group before rejoining; -1: never. */
  readonly leftAt: number;

  /**
   * @param msgId the id after which delivery begins
   * @param version of the group whose members get the first message
   */
  constructor(msgId: number, version = 0, leftAt = -1) {
    this.#version = version;
    this.#last = msgId;
    this.#highest = msgId;
    this.leftAt = leftAt;
  }

  /** Whether the user has left the conversation. */
  get closed(): boolean {
    return this.#last === Number.MAX_SAFE_INTEGER;
  }

  /** The highest id up to which everything was delivered. */
  get last(): number {
    return this.#last;
  }

  /** The ids that are missing or buffered; undefined: none. */
  get gap(): { first: number; last: number } | undefined {
    return this.#highest > this.#last ? { first: this.#last + 1, last: this.#highest } : undefined;
  }

  /** The lowest buffered id; Infinity: none. */
  get firstBuffered(): number {
    return Math.min(...(this.#buffered?.keys() ?? []));
  }

  /** The newest version of the group at which the user's membership is known; 0 for a pair. */
  get version(): number {
    return this.#version;
  }

  /**
   * Whether the user may have left the group and rejoined within the gap, so that some missing messages are not for
   * them. Never true without a gap.
   */
  get mayHaveLeft(): boolean {
    return this.#membersChanged && this.gap !== undefined;
  }

  /**
   * Decides what to do with a message: `deliver` it now and then those that `next` returns, drop it as `known`, or
   * leave it `buffered` until the messages before it arrive.
   */
  offer(msgId: number, message: M, version = 0): 'deliver' | 'known' | 'buffered' {
    if (this.#highest === this.#last) this.#membersChanged = false;
    if (version > this.#version) {
      this.#version = version;
      this.#membersChanged = msgId > this.#last + 1 || this.mayHaveLeft;
    }
    if (msgId === this.#last + 1) {
      this.#last = msgId;
      if (msgId > this.#highest) this.#highest = msgId;
      this.#buffered?.delete(msgId);
      return 'deliver';
    }
    if (msgId > this.#last) {
      if (this.#buffered?.has(msgId)) return 'known';
      if (msgId > this.#highest) this.#highest = msgId;
      this.#buffered ??= new Map();
      if (this.#buffered.size < maxBuffered) this.#buffered.set(msgId, message);
      return 'buffered';
    }
    return 'known';
  }

  /** Takes the next buffered message if it is due; it counts as delivered. */
  next(): M | undefined {
    if (!this.#buffered) return undefined;
    const message = this.#buffered.get(this.#last + 1);
    if (message === undefined) return undefined;
    this.#last++;
    this.#buffered.delete(this.#last);
    if (this.#buffered.size === 0) this.#buffered = undefined;
    return message;
  }

  /** Gives up the missing messages before `msgId`: they do not exist or are not for the user. */
  skipTo(msgId: number): void {
    this.#membersChanged = false;
    if (msgId <= this.#last + 1) return;
    this.#last = msgId - 1;
    for (const id of this.#buffered?.keys() ?? []) if (id < msgId) this.#buffered?.delete(id);
  }

  /**
   * Closes the cursor of a user who was removed from the group: nothing is missing any more.
   * @param version of the group after the removal
   */
  close(version: number): void {
    this.#version = version;
    this.#buffered = undefined;
    this.#last = Number.MAX_SAFE_INTEGER;
    this.#highest = this.#last;
  }
}
