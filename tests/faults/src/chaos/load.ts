/** Somebody, or a crowd, that writes. */
export interface LoadMember {
  readonly name: string;
  /** acks since the beginning */
  readonly acks: number;
  /** broken connections since the beginning */
  readonly breaks: number;
  /** when there was an ack for something sent after the mark; undefined: not yet */
  readonly recoveredAt: number | undefined;
  start(): void;
  /** Resolves when what is under way is acknowledged or given up. */
  pause(): Promise<void>;
  mark(): void;
  close(): Promise<void>;
}

/** All who write. */
export class Load {
  readonly #chatters: readonly LoadMember[];

  constructor(chatters: readonly LoadMember[]) {
    this.#chatters = chatters;
  }

  get acks(): number {
    return this.#chatters.reduce((sum, { acks }) => sum + acks, 0);
  }

  /** broken connections since the beginning */
  get breaks(): number {
    return this.#chatters.reduce((sum, { breaks }) => sum + breaks, 0);
  }

  start(): void {
    for (const chatter of this.#chatters) chatter.start();
  }

  async pause(): Promise<void> {
    await Promise.all(this.#chatters.map((chatter) => chatter.pause()));
  }

  mark(): void {
    for (const chatter of this.#chatters) chatter.mark();
  }

  /** Acks of the one that has the fewest. */
  acksOfEach(): number[] {
    return this.#chatters.map(({ acks }) => acks);
  }

  /** Names of those who have not had an ack for a message sent after the mark. */
  get waiting(): string[] {
    return this.#chatters.filter(({ recoveredAt }) => recoveredAt === undefined).map(({ name }) => name);
  }

  /** When the last of all had his first ack for a message sent after the mark. */
  get recoveredAt(): number {
    return Math.max(...this.#chatters.map(({ recoveredAt }) => recoveredAt ?? Number.POSITIVE_INFINITY));
  }

  async close(): Promise<void> {
    await Promise.all(this.#chatters.map((chatter) => chatter.close()));
  }
}
