import type { Chatter } from './clients/chatter.js';

/** All who write. */
export class Load {
  readonly #chatters: readonly Chatter[];

  constructor(chatters: readonly Chatter[]) {
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
