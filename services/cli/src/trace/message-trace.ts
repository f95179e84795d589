import { setTimeout as wait } from 'node:timers/promises';
import { Bus, type Heartbeat, Registry, topics } from '@teamtalk/bus';
import { ReplicaPool, syncPool, type traceApi, traces } from '@teamtalk/rpc';
import {
  type BusConfig,
  createLogger,
  formatInstance,
  isTraced,
  Metrics,
  messageSpan,
  type RpcTls,
  TeamTalkError,
  traceId,
} from '@teamtalk/service-kit';
import { Failure } from '../failure.js';

export interface Sources {
  bus: BusConfig;
  rpcTls: RpcTls | undefined;
  /** host:port of a db_proxy_server, when those announced are not reachable from here */
  dbProxy: string | undefined;
}

/** An instance by its heartbeat; when not alive, only its number is known. */
export interface Place {
  instance: string;
  alive: boolean;
  service?: string;
  hostname?: string;
}

export interface Participant {
  user_id: number;
  name: string;
  sender: boolean;
  read_msg_id: number;
  read: boolean;
  sessions: {
    msg_server: Place;
    client_type: number;
    web: boolean;
    delivered: boolean | null;
    delivered_msg_id: number | null;
    /** the highest known id when messages before it are missing and it is held back; otherwise null */
    held_back_msg_id: number | null;
  }[];
}

/** Everything the services say of one message. */
export interface MessageTrace {
  trace: string;
  conversation: string;
  msg_id: number;
  last_msg_id: number;
  from_user_id: number;
  msg_type: number;
  bytes: number;
  stored_at: string;
  taken_in_by: Place;
  requestId: number;
  /** 32 hex digits; null: OpenTelemetry does not have it */
  otel_trace: string | null;
  outbox: { open: false } | { open: true; row: number; owner: Place };
  participants: Participant[];
  participants_left_out: number;
  /** instances that could not be asked */
  doubts: string[];
}

/** Milliseconds the others have to answer the discovery request after the first has. */
const discoveryMs = 300;
/** Milliseconds after which no answer is expected any more. */
const silentMs = 4_000;
/** Milliseconds one service has to answer; a search takes the store five seconds at most. */
const answerMs = 7_000;

const groupSession = 2;
const services = ['msg_server', 'http_msg_server', 'route_server'] as const;

/** Asks the services what became of a message: db_proxy_server by gRPC, the others over NATS. */
export class Tracer {
  readonly #bus: Bus;
  readonly #pool: ReplicaPool;
  readonly #dbProxies: Registry;
  readonly #registries: Registry[];
  readonly #where: string;

  /** @throws TeamTalkError `unavailable` when NATS does not answer, Failure when no instance announces itself there */
  static async open({ bus: config, rpcTls, dbProxy }: Sources): Promise<Tracer> {
    const log = createLogger({ service: 'trace', instance: 0, level: 'silent' });
    const metrics = new Metrics('trace');
    const bus = await Bus.connect({ ...config, name: 'teamtalk trace', member: 'operator', log, metrics });
    const tracer = new Tracer(bus, new ReplicaPool(rpcTls), dbProxy, config.prefix);
    try {
      await tracer.#find();
      return tracer;
    } catch (error) {
      await tracer.close();
      throw error;
    }
  }

  private constructor(bus: Bus, pool: ReplicaPool, dbProxy: string | undefined, prefix: string) {
    const log = createLogger({ service: 'trace', instance: 0, level: 'silent' });
    this.#bus = bus;
    this.#pool = pool;
    this.#where = `prefix ${prefix}`;
    if (dbProxy) pool.add({ instance: 0, address: dbProxy });
    this.#dbProxies = new Registry(bus, log, 'db_proxy_server', dbProxy ? {} : syncPool(pool));
    this.#registries = [this.#dbProxies, ...services.map((service) => new Registry(bus, log, service))];
  }

  async close(): Promise<void> {
    for (const registry of this.#registries) registry.stop();
    this.#pool.close();
    await this.#bus.drain();
  }

  /** @returns undefined when the store does not find it */
  async wayOf(request: traceApi.trace.FindMessageRequest.$Properties): Promise<MessageTrace | undefined> {
    const found = await this.#pool.call(traces.findMessage, request, answerMs);
    if (!found.found) return undefined;
    const { originInstance, originRequestId, fromUserId, msgId, outboxId } = found;
    const doubts: string[] = [];
    const participants = await this.#participants(found, doubts);
    return {
      trace: traceId(originInstance, originRequestId),
      conversation: found.low === 0 ? `group:${found.high}` : `p2p:${found.low}:${found.high}`,
      msg_id: msgId,
      last_msg_id: found.lastMsgId,
      from_user_id: fromUserId,
      msg_type: found.msgType,
      bytes: found.bytes,
      stored_at: new Date(found.createdAt).toISOString(),
      taken_in_by: this.#placeOf(originInstance),
      requestId: originRequestId,
      otel_trace: isTraced(originInstance, originRequestId)
        ? messageSpan(originInstance, originRequestId, 'send').traceId
        : null,
      outbox:
        outboxId === 0
          ? { open: false }
          : { open: true, row: outboxId, owner: this.#placeOf(found.outboxOwner) },
      participants,
      participants_left_out: found.participantCount - participants.length,
      doubts,
    };
  }

  async #find(): Promise<void> {
    const end = performance.now() + silentMs;
    while (this.#pool.replicas.length === 0) {
      if (performance.now() >= end) {
        throw new Failure(
          `no db_proxy_server announces itself (${this.#where}): are NATS_URL and NATS_PREFIX right, and does anything run?`,
        );
      }
      await wait(50);
    }
    await wait(discoveryMs);
  }

  async #participants(found: traceApi.trace.MessageTrace, doubts: string[]): Promise<Participant[]> {
    const known = (found.participants ?? []) as traceApi.trace.Participant[];
    const userIds = known.map(({ userId }) => userId);
    const sessions = await this.#sessionsOf(userIds, doubts);
    const nodes = [...new Set(sessions.map(({ node }) => node))];
    const positions = new Map(
      await Promise.all(
        nodes.map(async (node) => [node, await this.#positionsAt(node, found, userIds, doubts)] as const),
      ),
    );
    return known.map(({ userId, name, readMsgId }) => ({
      user_id: userId,
      name,
      sender: userId === found.fromUserId,
      read_msg_id: readMsgId,
      read: readMsgId >= found.msgId,
      sessions: sessions
        .filter((session) => session.userId === userId)
        .map(({ node, clientType, web }) => {
          const position = positions.get(node)?.get(userId);
          return {
            msg_server: this.#placeOf(node),
            client_type: clientType,
            web,
            delivered: position ? position.lastMsgId >= found.msgId : null,
            delivered_msg_id: position?.lastMsgId ?? null,
            held_back_msg_id: position?.missingBefore || null,
          };
        }),
    }));
  }

  async #sessionsOf(userIds: number[], doubts: string[]) {
    try {
      const { sessions } = await this.#bus.request(topics.sessionsQuery, { userIds }, answerMs);
      return (sessions ?? []).map(({ userId, node, clientType, web }) => ({
        userId: userId ?? 0,
        node: node ?? 0,
        clientType: clientType ?? 0,
        web: web ?? false,
      }));
    } catch (error) {
      doubts.push(`who is online is not known: ${reasonOf(error)}`);
      return [];
    }
  }

  /** How far the conversation was delivered to users who are online, by their ids. */
  async #positionsAt(node: number, found: traceApi.trace.MessageTrace, userIds: number[], doubts: string[]) {
    const { low, high } = found;
    const isGroup = found.sessionType === groupSession;
    const query = { sessionType: found.sessionType, userId: isGroup ? 0 : low, sessionId: high, userIds };
    const positions = new Map<number, { lastMsgId: number; missingBefore: number }>();
    try {
      const answer = await this.#bus.request(topics.deliveryQuery(node), query, answerMs);
      for (const { userId, lastMsgId, missingBefore } of answer.positions ?? []) {
        positions.set(userId ?? 0, { lastMsgId: lastMsgId ?? 0, missingBefore: missingBefore ?? 0 });
      }
    } catch (error) {
      doubts.push(`msg_server ${formatInstance(node)} does not say what it delivered: ${reasonOf(error)}`);
    }
    return positions;
  }

  #placeOf(number: number): Place {
    const instance = formatInstance(number);
    const known: Heartbeat | undefined = this.#registries
      .flatMap((registry) => registry.all())
      .find((each) => each.instance === number);
    if (!known) return { instance, alive: false };
    return { instance, alive: true, service: known.service, hostname: known.hostname };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof TeamTalkError) return error.message;
  throw error;
}
