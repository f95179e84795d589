import { type ChannelCredentials, Client, connectivityState, Metadata } from '@grpc/grpc-js';
import { isTransient, type RpcTls, TeamTalkError, type Tracing } from '@teamtalk/service-kit';
import { channelCredentials } from './credentials.js';
import type { Method } from './definitions.js';
import { errorOf } from './errors.js';
import { flowControlWindow } from './flow-control.js';
import { spanOf } from './span.js';

/** One replica of a gRPC service as its registry knows it. */
export interface ReplicaAddress {
  instance: number;
  /** host:port */
  address: string;
}

export interface Replica extends ReplicaAddress {
  readonly client: Client;
}

export interface PoolEvents {
  onAdded?: (replica: Replica) => void;
  onRemoved?: (replica: Replica) => void;
}

/** What a registry of instances reports, as far as a pool cares. */
interface Announced {
  instance: number;
  /** host:port; empty for none */
  rpcAddress: string;
}

/**
 * Handlers that keep a pool equal to a registry. A replica that is draining is kept: it still answers what
 * it was given; what it leaves unanswered when it says goodbye is sent again elsewhere.
 */
export function syncPool(pool: ReplicaPool) {
  return {
    onChange: ({ instance, rpcAddress }: Announced) => {
      if (rpcAddress) pool.add({ instance, address: rpcAddress });
    },
    onGone: ({ instance }: Announced) => pool.remove(instance),
  };
}

/**
 * A connection to each live replica of a service. Who is alive is told from outside by `add` and `remove`.
 */
export class ReplicaPool {
  readonly #replicas = new Map<number, Replica>();
  readonly #listeners = new Set<PoolEvents>();
  readonly #credentials: ChannelCredentials;
  readonly #tracing: Tracing | undefined;
  #next = 0;

  /**
   * @param tls undefined: without TLS
   * @param tracing undefined: nothing is traced
   */
  constructor(tls?: RpcTls, tracing?: Tracing) {
    this.#credentials = channelCredentials(tls);
    this.#tracing = tracing;
  }

  get replicas(): Replica[] {
    return [...this.#replicas.values()];
  }

  /** Follows the pool; what is already in it is reported at once. */
  watch(events: PoolEvents): void {
    this.#listeners.add(events);
    for (const replica of this.#replicas.values()) events.onAdded?.(replica);
  }

  add({ instance, address }: ReplicaAddress): void {
    if (this.#replicas.has(instance)) return;
    const client = new Client(address, this.#credentials, {
      'grpc.keepalive_time_ms': 2_000,
      'grpc.keepalive_timeout_ms': 2_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.max_receive_message_length': 64 * 1024 * 1024,
      'grpc-node.flow_control_window': flowControlWindow,
      // One HTTP/2 session a client, never shared with another pool of this process.
      'grpc.use_local_subchannel_pool': 1,
    });
    const replica = { instance, address, client };
    this.#replicas.set(instance, replica);
    for (const listener of this.#listeners) listener.onAdded?.(replica);
  }

  remove(instance: number): void {
    const replica = this.#replicas.get(instance);
    if (!replica) return;
    this.#replicas.delete(instance);
    for (const listener of this.#listeners) listener.onRemoved?.(replica);
    replica.client.close();
  }

  close(): void {
    for (const instance of [...this.#replicas.keys()]) this.remove(instance);
  }

  /**
   * One unary call, on the replicas in turn; when one does not answer, the next is asked, as long as the
   * deadline allows. Only for requests that may safely be made twice.
   * @param deadlineMs for all attempts together, milliseconds
   * @throws TeamTalkError with the server's code; `unavailable` when there is no replica
   */
  async call<RequestIn, RequestOut, ReplyIn, ReplyOut>(
    method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
    request: RequestIn,
    deadlineMs: number,
  ): Promise<ReplyOut> {
    const deadline = performance.now() + deadlineMs;
    const candidates = this.replicas;
    let failure: TeamTalkError | undefined;
    for (let attempt = 0; attempt < candidates.length && performance.now() < deadline; attempt++) {
      const replica = candidates[this.#next++ % candidates.length]!;
      const remaining = deadline - performance.now();
      // The last candidate may use what time is left; the others leave some to those after them.
      const share = attempt === candidates.length - 1 ? remaining : remaining / 2;
      try {
        return await this.#callOne(replica, method, request, Date.now() + share);
      } catch (error) {
        if (!(error instanceof TeamTalkError) || !isTransient(error)) throw error;
        failure = error;
      }
    }
    throw failure ?? new TeamTalkError('unavailable', `${method.path}: no replica is known`);
  }

  /**
   * One unary call that must not be made twice: a single attempt, at a replica with a connection if there is
   * one. When it fails with `deadline-exceeded` or `unavailable`, nobody knows whether it had an effect.
   * @param deadlineMs milliseconds
   * @throws TeamTalkError as `call`
   */
  async callOnce<RequestIn, RequestOut, ReplyIn, ReplyOut>(
    method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
    request: RequestIn,
    deadlineMs: number,
  ): Promise<ReplyOut> {
    const { replicas } = this;
    const connected = replicas.filter(
      ({ client }) => client.getChannel().getConnectivityState(false) === connectivityState.READY,
    );
    const candidates = connected.length > 0 ? connected : replicas;
    const replica = candidates[this.#next++ % candidates.length];
    if (!replica) throw new TeamTalkError('unavailable', `${method.path}: no replica is known`);
    return this.#callOne(replica, method, request, Date.now() + deadlineMs);
  }

  #callOne<RequestIn, RequestOut, ReplyIn, ReplyOut>(
    replica: Replica,
    method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
    request: RequestIn,
    deadline: number,
  ): Promise<ReplyOut> {
    const tracing = this.#tracing;
    if (!tracing) return attempt(replica, method, request, deadline, new Metadata());
    return tracing.step(spanOf(method, 'client', { 'server.address': replica.address }), () => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(tracing.carrier() ?? {})) metadata.set(name, value);
      return attempt(replica, method, request, deadline, metadata);
    });
  }
}

function attempt<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  { client }: Replica,
  method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
  request: RequestIn,
  deadline: number,
  metadata: Metadata,
): Promise<ReplyOut> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      { deadline },
      (error, reply) => {
        if (error) reject(errorOf(method.path, error));
        else resolve(reply as ReplyOut);
      },
    );
  });
}
