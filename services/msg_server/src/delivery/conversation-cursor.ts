/** Most messages that are kept behind a gap; the rest is asked for when the gap is closed. */
const maxBuffered = 256;

/**
 * What one user, on this server, has got of one conversation. The store numbers a conversation's messages
 * without gaps, so the ids alone say what comes next, what came before and what is missing. Nothing from before
 * the first message is delivered: either it was delivered before, or the user found it in history when he logged in.
 */
export class ConversationCursor<M> {
  /** The highest id of the unbroken run that was delivered. */
  #last: number;
  /** The highest id that is known to exist. */
  #highest: number;
  /** Messages beyond the gap, by id. */
  #buffered: Map<number, M> | undefined;
  /** The newest version of the group under which a message came; 0 for a pair. */
  #version: number;
  /** Whether the group's members changed somewhere in the gap. */
  #membersChanged = false;
  /** The highest `outboxId` of the messages that were offered. */
  outboxId = 0;
  /** The version at which the user was removed from the group before they came back; -1: they were not. */
  readonly leftAt: number;

  /**
   * @param msgId of the message that is being delivered: what was before is not known
   * @param version of the group whose members get it
   */
  constructor(msgId: number, version = 0, leftAt = -1) {
    this.#version = version;
    this.#last = msgId;
    this.#highest = msgId;
    this.leftAt = leftAt;
  }

  /** Whether the user is in the conversation no more. */
  get closed(): boolean {
    return this.#last === Number.MAX_SAFE_INTEGER;
  }

  /** The last id of the unbroken run. */
  get last(): number {
    return this.#last;
  }

  /** The ids that are missing or held back; undefined: none. */
  get gap(): { first: number; last: number } | undefined {
    return this.#highest > this.#last ? { first: this.#last + 1, last: this.#highest } : undefined;
  }

  /** The lowest id that is held back; Infinity: none. */
  get firstBuffered(): number {
    return Math.min(...(this.#buffered?.keys() ?? []));
  }

  /** The newest version of the group that is known to have the user as a member, or no more; 0 for a pair. */
  get version(): number {
    return this.#version;
  }

  /**
   * Whether the user may have left the group in the gap and come back: what is missing is then not all for
   * him. Never true without a gap.
   */
  get mayHaveLeft(): boolean {
    return this.#membersChanged && this.gap !== undefined;
  }

  /**
   * Decides about a message: `deliver` it now (then take what `next` gives), it is `known` and must not be
   * delivered again, or it is `held` until those before it are there.
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

  /** The held message whose turn it is now; counts as delivered. */
  next(): M | undefined {
    if (!this.#buffered) return undefined;
    const message = this.#buffered.get(this.#last + 1);
    if (message === undefined) return undefined;
    this.#last++;
    this.#buffered.delete(this.#last);
    if (this.#buffered.size === 0) this.#buffered = undefined;
    return message;
  }

  /** What is missing before `msgId` is not for the user, or not there: it is waited for no more. */
  skipTo(msgId: number): void {
    this.#membersChanged = false;
    if (msgId <= this.#last + 1) return;
    this.#last = msgId - 1;
    for (const id of this.#buffered?.keys() ?? []) if (id < msgId) this.#buffered?.delete(id);
  }

  /**
   * The user is in this group no more: nothing is missing, and nothing is for them.
   * @param version of the group that does not have them any more
   */
  close(version: number): void {
    this.#version = version;
    this.#buffered = undefined;
    this.#last = Number.MAX_SAFE_INTEGER;
    this.#highest = this.#last;
  }
}
