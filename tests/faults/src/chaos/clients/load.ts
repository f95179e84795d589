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
  /** Resolves when what is in flight is acknowledged or given up. */
  pause(): Promise<void>;
  mark(): void;
  close(): Promise<void>;
}

/** All who write. */
export class Load {
  readonly #simulatedClients: readonly LoadMember[];

  constructor(simulatedClients: readonly LoadMember[]) {
    this.#simulatedClients = simulatedClients;
  }

  get acks(): number {
    return this.#simulatedClients.reduce((sum, { acks }) => sum + acks, 0);
  }

  /** broken connections since the beginning */
  get breaks(): number {
    return this.#simulatedClients.reduce((sum, { breaks }) => sum + breaks, 0);
  }

  start(): void {
    for (const simulatedClient of this.#simulatedClients) simulatedClient.start();
  }

  async pause(): Promise<void> {
    await Promise.all(this.#simulatedClients.map((simulatedClient) => simulatedClient.pause()));
  }

  mark(): void {
    for (const simulatedClient of this.#simulatedClients) simulatedClient.mark();
  }

  /** Acks of the one that has the fewest. */
  acksOfEach(): number[] {
    return this.#simulatedClients.map(({ acks }) => acks);
  }

  /** Names of those who have not had an ack for a message sent after the mark. */
  get waiting(): string[] {
    return this.#simulatedClients
      .filter(({ recoveredAt }) => recoveredAt === undefined)
      .map(({ name }) => name);
  }

  /** When the last sender had its first ack for a message sent after the mark. */
  get recoveredAt(): number {
    return Math.max(
      ...this.#simulatedClients.map(({ recoveredAt }) => recoveredAt ?? Number.POSITIVE_INFINITY),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#simulatedClients.map((simulatedClient) => simulatedClient.close()));
  }
}
