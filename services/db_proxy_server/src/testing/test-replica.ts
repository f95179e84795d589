import type { Bus, Registry, teamtalk } from '@teamtalk/bus';
import { createKit, type Kit } from '@teamtalk/service-kit';
import pg from 'pg';
import { Servers } from '../database/servers.js';
import { MessageWriter } from '../messages/append/message-writer.js';
import { GroupMembers } from '../messages/group-members.js';
import { OwnerLock } from '../messages/outbox/owner-lock.js';
import { OutboxPublisher } from '../messages/outbox/publisher.js';
import { OutboxReclaimer } from '../messages/outbox/reclaimer.js';
import { appendMessage } from './message-sender.js';

export interface TestReplicaOptions {
  url: string;
  /** runs the reclaimer and holds the owner lock */
  sweeps?: boolean;
  /** bytes of messages that may wait for a reply */
  maxBytes?: number;
}

/** The message store of one db_proxy_server, with a route_server that can be silenced. */
export class TestReplica {
  readonly kit: Kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  /** events received by the route_server, in order */
  readonly events: teamtalk.bus.StoredMessage.$Properties[][] = [];
  readonly pool: pg.Pool;
  readonly publisher: OutboxPublisher;
  /** Whether NATS delivers. */
  responsive = true;
  /** Whether the route_server replies. */
  answers = true;
  readonly #writer: MessageWriter;
  readonly #lock: OwnerLock;
  readonly #reclaimer: OutboxReclaimer | undefined;
  #requestId = 0;

  static async start(options: TestReplicaOptions): Promise<TestReplica> {
    const replica = new TestReplica(options);
    if (options.sweeps) await replica.#lock.start();
    return replica;
  }

  private constructor({ url, sweeps = false, maxBytes }: TestReplicaOptions) {
    const { kit } = this;
    this.pool = new pg.Pool({ connectionString: url });
    this.#lock = new OwnerLock(new Servers(url), kit);
    const responsive = () => this.responsive;
    const bus = {
      maxEventBytes: 1024 * 1024,
      stable: true,
      get responsive() {
        return responsive();
      },
      request: (_topic: unknown, { messages }: teamtalk.bus.StoredBatch.$Properties) => {
        this.events.push(messages ?? []);
        return this.answers ? Promise.resolve({}) : new Promise(() => {});
      },
    } as unknown as Bus;
    const publisher = new OutboxPublisher({
      kit,
      bus,
      pool: this.pool,
      routeServers: { all: () => [{ instance: 7, draining: false }] } as unknown as Registry,
      members: new GroupMembers(this.pool, kit),
      bots: { record: async () => {} },
      ...(maxBytes !== undefined && { maxBytes }),
    });
    this.publisher = publisher;
    const canDeliver = () => this.responsive && this.answers;
    if (sweeps) this.#reclaimer = new OutboxReclaimer({ kit, pool: this.pool, publisher, canDeliver });
    this.#writer = new MessageWriter({
      kit,
      pool: this.pool,
      partitions: 1,
      spacingMs: 0,
      publisher,
    });
  }

  /** Messages in the order sent to the route_server: id, and the lowest undelivered id. */
  get sent(): [msgId: number, openFrom: number][] {
    return this.events.flat().map(({ msgId, openFrom }) => [msgId ?? 0, openFrom ?? 0]);
  }

  /** @returns the message id */
  async send(from: number, to: number, { group = false, text = 'x' } = {}): Promise<number> {
    const message = { requestId: ++this.#requestId, from, to, group, text };
    const outcome = await appendMessage(this.#writer, this.kit.instance, message);
    if (outcome.status !== 'stored') throw new Error(outcome.status);
    return outcome.msgId;
  }

  /** Simulates a crash: unfinished work is abandoned. */
  async stop(): Promise<void> {
    await this.#reclaimer?.stop();
    await this.#lock.stop();
    await this.publisher.stop(0);
    await this.pool.end();
  }
}
