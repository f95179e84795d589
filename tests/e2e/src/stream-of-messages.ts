import type { TeamTalkClient } from '@teamtalk/client';
import type { TestCluster } from '@teamtalk/cluster';

/** A continuous stream of messages from one user to another, with its acks and deliveries. */
export class StreamOfMessages {
  /** Ids of the messages that were acknowledged. */
  readonly acked: number[] = [];
  /** Ids of the messages that came, in their order. */
  readonly received: number[] = [];
  /** Longest time from sending to the ack, and from then to the delivery, milliseconds. */
  readonly longest = { ack: 0, delivery: 0 };
  /** Broken connections of sender and receiver. */
  breaks = 0;
  /** Messages without an ack. */
  failed = 0;
  readonly #sender: TeamTalkClient;
  readonly #receiverId: number;
  readonly #received = new Set<number>();
  /** performance.now() of the acks of messages that have not come yet */
  readonly #ackedAt = new Map<number, number>();
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  /** Both log in: the sender at the first msg_server, the receiver at the second. */
  static async between(cluster: TestCluster, from: string, to: string): Promise<StreamOfMessages> {
    const ids = await cluster.addUsers([from, to]);
    const client = { reconnect: { firstMs: 50, maxMs: 500 }, deadlineMs: 20_000 };
    const sender = await cluster.connect(from, { server: 0, client });
    const receiver = await cluster.connect(to, { server: 1, client });
    return new StreamOfMessages(sender, receiver, ids[to]!);
  }

  private constructor(sender: TeamTalkClient, receiver: TeamTalkClient, receiverId: number) {
    this.#sender = sender;
    this.#receiverId = receiverId;
    receiver.on('message', ({ msgId }) => {
      this.received.push(msgId);
      this.#received.add(msgId);
      const ackedAt = this.#ackedAt.get(msgId);
      if (ackedAt === undefined) return;
      this.#ackedAt.delete(msgId);
      this.longest.delivery = Math.max(this.longest.delivery, performance.now() - ackedAt);
    });
    for (const client of [sender, receiver]) client.on('disconnected', () => this.breaks++);
  }

  /** Acknowledged messages that were not delivered. */
  get missing(): number[] {
    return this.acked.filter((msgId) => !this.#received.has(msgId));
  }

  /** Whether everything received came once and in order. */
  get isInOrder(): boolean {
    return this.received.every((msgId, i) => i === 0 || msgId > this.received[i - 1]!);
  }

  async send(): Promise<void> {
    const begun = performance.now();
    const { msgId } = await this.#sender.send({ user: this.#receiverId }, 'hello');
    const now = performance.now();
    this.acked.push(msgId);
    this.longest.ack = Math.max(this.longest.ack, now - begun);
    if (!this.#received.has(msgId)) this.#ackedAt.set(msgId, now);
  }

  /** Sends one message after the other's ack until `stop`. */
  start(pauseMs: number): void {
    this.#running = (async () => {
      while (!this.#stopped) {
        await this.send().catch(() => this.failed++);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    })();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}
