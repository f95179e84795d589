import type { Duplex } from 'node:stream';
import { Bus } from '@teamtalk/bus';
import { type Frame, RawConnection, testNats, waitUntil } from '@teamtalk/local-stack';
import {
  type Command,
  Commands,
  decodeBody,
  encodePdu,
  IM,
  MsgType,
  type PropertiesOf,
} from '@teamtalk/protocol';
import { createKit, type Service } from '@teamtalk/service-kit';
import { loadConfig } from '../config.js';
import { startMsgServer } from '../service.js';
import { FakeDbProxy, type StoredMessage } from './fake-db-proxy.js';
import { FakeRouteServer } from './fake-route-server.js';

export interface TestServerOptions {
  env?: Record<string, string>;
  /** 'older': the previous version, which does not offer the login stream */
  dbProxy?: boolean | 'older';
  routeServer?: boolean;
}

/** A msg_server on real NATS, with a fake db_proxy_server and route_server. */
export class TestServer {
  readonly service: Service;
  readonly bus: Bus;
  readonly db: FakeDbProxy;
  readonly route: FakeRouteServer;
  readonly #clients: RawConnection[] = [];

  static async start({ env = {}, dbProxy = true, routeServer = true }: TestServerOptions = {}) {
    const nats = await testNats();
    const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
    const bus = await Bus.connect({ ...nats, name: 'test', log, metrics });
    const service = await startMsgServer(
      loadConfig({
        NATS_URL: nats.url,
        NATS_PREFIX: nats.prefix,
        CLIENT_HOST: '127.0.0.1',
        CLIENT_PORT: '0',
        WS_PORT: '0',
        OPS_HOST: '127.0.0.1',
        OPS_PORT: '0',
        LOG_LEVEL: 'silent',
        DRAIN_SPREAD_MS: '0',
        ...env,
      }),
    );
    const db = dbProxy ? await FakeDbProxy.start(bus, dbProxy === 'older') : undefined;
    const route = routeServer ? new FakeRouteServer(bus) : undefined;
    await waitUntil(
      () => {
        const { dependencies } = service.health.report();
        return (
          dependencies.db_proxy_server === (dbProxy ? 'up' : 'down') &&
          dependencies.route_server === (routeServer ? 'up' : 'down')
        );
      },
      { what: 'msg_server knows the others' },
    );
    // Tests that leave one out do not use it.
    return new TestServer(service, bus, db as FakeDbProxy, route as FakeRouteServer);
  }

  private constructor(service: Service, bus: Bus, db: FakeDbProxy, route: FakeRouteServer) {
    this.service = service;
    this.bus = bus;
    this.db = db;
    this.route = route;
  }

  get node(): number {
    return this.service.instance;
  }

  async connect(): Promise<TestClient> {
    const raw = await RawConnection.open(this.service.ports.client!);
    this.#clients.push(raw);
    return new TestClient(raw);
  }

  /** A client on a connection opened otherwise than by `connect`. */
  clientOver(socket: Duplex): TestClient {
    const raw = RawConnection.over(socket);
    this.#clients.push(raw);
    return new TestClient(raw);
  }

  /** A client that has logged in as user `id`. */
  async logIn(
    id: number,
    clientType: IM.BaseDefine.ClientType = IM.BaseDefine.ClientType.CLIENT_TYPE_WINDOWS,
    clientVersion?: string,
  ) {
    const client = await this.connect();
    const answer = await client.logIn(`u${id}`, clientType, { clientVersion });
    if (answer.resultCode !== 0) throw new Error(`login refused: ${answer.resultCode}`);
    return client;
  }

  /** The id of the connection with a user's latest login. */
  connectionOf(userId: number): number {
    const came = this.route.changes.filter((change) => change.userId === userId && change.online);
    return came.at(-1)?.connectionId ?? 0;
  }

  /** Stores a message from a client of another msg_server. */
  store(
    fromUserId: number,
    toSessionId: number,
    text: string,
    msgType: number = MsgType.SINGLE_TEXT,
  ): StoredMessage {
    return this.db.add({
      fromUserId,
      toSessionId,
      msgType,
      msgData: Buffer.from(text),
      originInstance: 4711,
      originRequestId: 1,
      originConnection: 1,
      members: this.db.groups.get(toSessionId) ?? [],
    });
  }

  /** The value of one of msg_server's metrics, summed over the labels that are not given. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const metric = await this.service.metrics.registry.getSingleMetric(`teamtalk_msg_server_${name}`)?.get();
    if (!metric) throw new Error(`there is no metric ${name}`);
    return metric.values
      .filter((each) =>
        Object.entries(labels).every(
          ([key, value]) => (each.labels as Record<string, unknown>)[key] === value,
        ),
      )
      .reduce((sum, { value }) => sum + value, 0);
  }

  async metricReaches(name: string, labels: Record<string, string>, value: number): Promise<void> {
    await waitUntil(async () => (await this.metric(name, labels)) >= value, {
      what: `${name} ${JSON.stringify(labels)} reaches ${value}`,
    });
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.service.stop();
    await this.route?.stop();
    await this.db?.stop();
    await this.bus.drain();
  }
}

/** A client of the protocol's bytes. */
export class TestClient {
  readonly raw: RawConnection;
  #seq = 0;

  constructor(raw: RawConnection) {
    this.raw = raw;
  }

  /** @returns the seq_num it was sent with */
  async send<P extends object>(command: Command<object, P>, message: NoInfer<P>, seqNum = ++this.#seq) {
    await this.raw.send(encodePdu(command, message, seqNum));
    return seqNum;
  }

  receive<M extends object>(
    command: Command<M, never>,
    where?: (message: M, frame: Frame) => boolean,
  ): Promise<M & { seqNum: number }> {
    return this.raw.receive(command, where);
  }

  /** Sends a request. @returns the response with its seq_num */
  async ask<P extends object, M extends object>(
    command: Command<object, P>,
    message: NoInfer<P>,
    answer: Command<M, never>,
  ): Promise<M> {
    const seqNum = await this.send(command, message);
    return this.receive(answer, (_, pdu) => pdu.seqNum === seqNum);
  }

  logIn(
    userName: string,
    clientType = IM.BaseDefine.ClientType.CLIENT_TYPE_WINDOWS,
    { password = 'secret', clientVersion = 'test/1.0' }: { password?: string; clientVersion?: string } = {},
  ) {
    return this.ask(
      Commands.LoginReqUserlogin,
      {
        userName,
        password,
        clientType,
        clientVersion,
        onlineStatus: IM.BaseDefine.UserStatType.USER_STATUS_ONLINE,
      },
      Commands.LoginResUserlogin,
    );
  }

  sendText(toSessionId: number, text: string, more: Partial<PropertiesOf<typeof Commands.MsgData>> = {}) {
    return this.send(Commands.MsgData, {
      fromUserId: 999,
      toSessionId,
      msgId: 0,
      createTime: 0,
      msgType: MsgType.SINGLE_TEXT,
      msgData: Buffer.from(text),
      ...more,
    });
  }

  /** Commands received and not yet consumed, in order. */
  get pending(): number[] {
    return this.raw.received.map(({ commandId }) => commandId);
  }

  /** Message ids of the 0x0301 received and not yet consumed, in order. */
  get messageIds(): number[] {
    return this.raw.received
      .filter(({ commandId }) => commandId === Commands.MsgData.id)
      .map(({ body }) => decodeBody(Commands.MsgData, body).msgId);
  }

  /** Waits for the echo of a heartbeat, after which everything sent earlier has arrived. */
  async roundTrip(): Promise<void> {
    await this.ask(Commands.OtherHeartbeat, {}, Commands.OtherHeartbeat);
  }
}
