/** One sender, or a pool of senders. */
export interface LoadMember {
  readonly name: string;
  /** acks since the beginning */
  readonly acks: number;
  /** broken connections since the beginning */
  readonly breaks: number;
  /** when a message sent after the mark was first acknowledged; undefined: not yet */
  readonly recoveredAt: number | undefined;
  start(): void;
  /** Resolves when what is in flight is acknowledged or given up. */
  pause(): Promise<void>;
  mark(): void;
  close(): Promise<void>;
}

/** All senders. */
export class Load {
  readonly #members: readonly LoadMember[];

  constructor(members: readonly LoadMember[]) {
    this.#members = members;
  }

  get acks(): number {
    return this.#members.reduce((sum, { acks }) => sum + acks, 0);
  }

  /** broken connections since the beginning */
  get breaks(): number {
    return this.#members.reduce((sum, { breaks }) => sum + breaks, 0);
  }

  start(): void {
    for (const member of this.#members) member.start();
  }

  async pause(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.pause()));
  }

  mark(): void {
    for (const member of this.#members) member.mark();
  }

  /** The acks of each sender. */
  acksOfEach(): number[] {
    return this.#members.map(({ acks }) => acks);
  }

  /** Names of senders without an ack for a message sent after the mark. */
  get waiting(): string[] {
    return this.#members.filter(({ recoveredAt }) => recoveredAt === undefined).map(({ name }) => name);
  }

  /** When the last sender had its first ack for a message sent after the mark. */
  get recoveredAt(): number {
    return Math.max(...this.#members.map(({ recoveredAt }) => recoveredAt ?? Number.POSITIVE_INFINITY));
  }

  /** Ends all, also in the middle of a round. */
  async close(): Promise<void> {
    const paused = this.pause();
    await Promise.all(this.#members.map((member) => member.close()));
    await paused;
  }
}
