import { type ChannelCredentials, Client, connectivityState, Metadata } from '@grpc/grpc-js';
import { isTransient, type RpcTls, TeamTalkError, type Tracing } from '@teamtalk/service-kit';
import { channelCredentials } from './credentials.js';
import type { Method } from './definitions.js';
import { errorOf } from './errors.js';
import { flowControlWindow } from './flow-control.js';
import { spanOf } from './span.js';

/** One replica of a gRPC service, from its registry. */
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

/** The part of a registry's heartbeats that a pool needs. */
interface Announced {
  instance: number;
  /** host:port; empty for none */
  rpcAddress: string;
}

/**
 * Handlers that keep a pool in sync with a registry. A draining replica stays: it still answers calls in flight. Those it
 * leaves unanswered when it deregisters are sent to another replica.
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
 * A connection to each live replica of a service; `add` and `remove` maintain the set.
 */
export class ReplicaPool {
  readonly #replicas = new Map<number, Replica>();
  readonly #listeners = new Set<PoolEvents>();
  readonly #credentials: ChannelCredentials;
  readonly #tracing: Tracing | undefined;
  #next = 0;
  #closed = false;

  /**
   * @param tls undefined: no TLS
   * @param tracing undefined: no tracing
   */
  constructor(tls?: RpcTls, tracing?: Tracing) {
    this.#credentials = channelCredentials(tls);
    this.#tracing = tracing;
  }

  get replicas(): Replica[] {
    return [...this.#replicas.values()];
  }

  /** Subscribes to changes; replicas already in the pool are reported at once. */
  watch(events: PoolEvents): void {
    this.#listeners.add(events);
    for (const replica of this.#replicas.values()) events.onAdded?.(replica);
  }

  add({ instance, address }: ReplicaAddress): void {
    if (this.#closed || this.#replicas.has(instance)) return;
    const client = new Client(address, this.#credentials, {
      'grpc.keepalive_time_ms': 2_000,
      'grpc.keepalive_timeout_ms': 2_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.max_receive_message_length': 64 * 1024 * 1024,
      'grpc-node.flow_control_window': flowControlWindow,
      // One HTTP/2 session per client, never shared with another pool of this process.
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

  /** Closes all connections. A replica that is found afterwards is not added. */
  close(): void {
    this.#closed = true;
    for (const instance of [...this.#replicas.keys()]) this.remove(instance);
  }

  /**
   * One unary call, round-robin; when a replica does not answer, the next is tried as long as the deadline allows. Only for
   * idempotent requests.
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
      // The last candidate may use all the time left; the others leave a share to those after them.
      const share = attempt === candidates.length - 1 ? remaining : remaining / 2;
      try {
        return await this.#callOne(replica, method, request, Date.now() + share);
      } catch (error) {
        if (!(error instanceof TeamTalkError) || !isTransient(error)) throw error;
        failure = error;
      }
    }
    throw failure ?? new TeamTalkError('unavailable', `${method.path}: no replica known`);
  }

  /**
   * One non-idempotent unary call: a single attempt, at a connected replica if there is one. After `deadline-exceeded` or
   * `unavailable` it is unknown whether the call took effect.
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
    if (!replica) throw new TeamTalkError('unavailable', `${method.path}: no replica known`);
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
