import { type Bus, HeartbeatPublisher, rendezvous, type teamtalk, topics } from '@teamtalk/bus';
import { type AppendResult, type MessageAppender, messageAppender, ReplicaPool } from '@teamtalk/rpc';
import { createLogger, newInstance, type Service } from '@teamtalk/service-kit';

type Change = teamtalk.bus.PresenceChange.$Properties;

export interface TestMsgServerOptions {
  /** false: an older version, which neither takes messages directly nor waits for a db_proxy_server at logins */
  direct?: boolean;
}

/** A msg_server as the other services see it: its heartbeats, sessions and append streams. */
export class TestMsgServer {
  readonly instance = newInstance();
  /** what came over NATS from a route_server, and over append streams */
  readonly routed: teamtalk.bus.Delivery.$Properties[] = [];
  readonly direct: teamtalk.bus.Delivery.$Properties[] = [];
  /** in the order of arrival: 'result', 'delivery' */
  readonly arrivals: string[] = [];
  readonly sessions: Change[] = [];
  /** connections that were reported as missed */
  readonly missed: number[] = [];
  /** times all its connections were to be ended */
  evictions = 0;
  /** false: it takes messages, but does not confirm them */
  confirms = true;
  /** false: it takes messages from a route_server, but does not answer */
  answersRouted = true;
  /** Called for the next snapshot, before its last page. @param send sends a page before that */
  beforeSnapshot: ((send: (sessions: Change[]) => void) => Promise<void>) | undefined;
  #seq = 0;
  readonly #bus: Bus;
  readonly #isDirect: boolean;
  readonly #pool = new ReplicaPool();
  readonly #appender: MessageAppender;
  readonly #subscriptions;
  readonly #heartbeats: HeartbeatPublisher;

  constructor(bus: Bus, { direct = true }: TestMsgServerOptions = {}) {
    this.#bus = bus;
    this.#isDirect = direct;
    const { instance } = this;
    this.#appender = messageAppender(this.#pool, {
      instance,
      choose: rendezvous,
      log: createLogger({ service: 'test', instance, level: 'silent' }),
      deadlineMs: 5_000,
      flushMs: 0,
      maxPending: 1_000,
      ...(direct && {
        deliver: ({ deliveries }) => {
          this.arrivals.push('delivery');
          this.direct.push(...(deliveries ?? []));
          return this.confirms;
        },
        evicted: () => this.evictions++,
      }),
    });
    this.#subscriptions = [
      bus.answer(topics.node(instance), ({ deliver, evicted }) => {
        if (evicted) this.evictions++;
        this.routed.push(...(deliver?.deliveries ?? []));
        return deliver && this.answersRouted ? {} : undefined;
      }),
      bus.answer(topics.presenceSnapshot(instance), async ({ missedConnections }, respond) => {
        this.missed.push(...(missedConnections ?? []));
        const left = this.sessions.filter(({ connectionId }) => !this.missed.includes(connectionId ?? 0));
        this.sessions.splice(0, this.sessions.length, ...left);
        const sent = new Set<Change>();
        const page = (sessions: Change[], last: boolean) => ({ instance, seq: this.#seq, sessions, last });
        const before = this.beforeSnapshot;
        this.beforeSnapshot = undefined;
        await before?.((sessions) => {
          for (const each of sessions) sent.add(each);
          respond(page(sessions, false));
        });
        return page(
          this.sessions.filter((each) => !sent.has(each)),
          true,
        );
      }),
    ];
    this.#heartbeats = new HeartbeatPublisher(
      bus,
      { instance, service: 'msg_server', hostname: 'test' },
      () => ({ presenceSeq: this.#seq, directDelivery: direct }),
    );
  }

  /** Opens a stream to a db_proxy_server. */
  connectTo({ instance, ports }: Pick<Service, 'instance' | 'ports'>, port = ports.grpc): void {
    this.#pool.add({ instance, address: `127.0.0.1:${port}` });
  }

  disconnectFrom({ instance }: Pick<Service, 'instance'>): void {
    this.#pool.remove(instance);
  }

  /** Publishes a login. @returns the db_proxy_servers that have answered, when all awaited have, or after a second */
  async logIn(userId: number, connectionId: number, awaited: readonly Service[]): Promise<number[]> {
    const change = { userId, connectionId, clientType: 1, loginSeq: ++this.#seq, online: true };
    this.sessions.push(change);
    const answered: number[] = [];
    const update = {
      instance: this.instance,
      seq: this.#seq,
      changes: [change],
      actingRouteServer: 0,
      awaited: this.#isDirect ? awaited.map(({ instance }) => instance) : [],
    };
    await this.#bus.requestMany(topics.presenceUpdate, update, 1_000, ({ follower }) => {
      answered.push(follower);
      return answered.length === awaited.length;
    });
    return answered;
  }

  /** A login whose update is lost. */
  logInUnheard(userId: number, connectionId: number): void {
    this.sessions.push({ userId, connectionId, clientType: 1, loginSeq: ++this.#seq, online: true });
  }

  announce(): void {
    this.#heartbeats.announce();
  }

  send(from: number, to: number, { connectionId = 0, msgType = 1 } = {}): Promise<AppendResult | undefined> {
    return new Promise((resolve) => {
      const msgData = Buffer.from('text');
      const entry = { requestId: 0, fromUserId: from, toSessionId: to, msgType, msgData, connectionId };
      this.#appender.send(entry, 1, (result) => {
        this.arrivals.push('result');
        resolve(result);
      });
    });
  }

  /** Ends at once, as if killed. */
  async stop(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#appender.stop();
    this.#pool.close();
    await this.#heartbeats.stop();
  }
}
