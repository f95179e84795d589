import { type ListenerMetrics, listenerMetrics } from '@teamtalk/net';
import type { Metrics } from '@teamtalk/service-kit';
import { type Client, ClientBuilds } from './connection/client-builds.js';

/** Why a message from a client got no ack. */
export type DropReason =
  | 'empty'
  | 'to-oneself'
  | 'wrong-type'
  | 'too-large'
  | 'no-receiver'
  | 'repetition'
  | 'unknown-receiver'
  | 'not-a-member'
  | 'invalid'
  | 'store-unavailable'
  | 'no-result';

/** The reasons that a correct client does not cause. */
const clientFaults: ReadonlySet<DropReason> = new Set([
  'empty',
  'to-oneself',
  'wrong-type',
  'too-large',
  'no-receiver',
  'invalid',
]);

/** Why a PDU was rejected. */
export type BadPduReason =
  | 'unknown-command'
  | 'body'
  | 'length-below-header'
  | 'length-above-limit'
  | 'not-served'
  | 'content'
  | 'text-frame'
  | 'not-one-pdu'
  | 'websocket'
  | 'failed';

/** Why a client's connection ended. */
export type CloseReason =
  | 'by-client'
  | 'connection-lost'
  | 'framing'
  | 'bad-pdus'
  | 'before-login'
  | 'login-timeout'
  | 'login-failed'
  | 'idle'
  | 'kicked'
  | 'logout'
  | 'slow-reader'
  | 'lost-contact'
  | 'store-changed'
  | 'stood-still'
  | 'resync'
  | 'draining';

/** How a login ended. */
export type LoginOutcome =
  | 'ok'
  | 'wrong-name-or-password'
  | 'too-many-attempts'
  | 'credentials-changed'
  | 'full'
  | 'draining'
  | 'no-db-proxy'
  | 'no-route-server'
  | 'gone';

/**
 * A counter for hot paths, where prom-client's counters are too slow. It is read when the metrics are scraped.
 */
export interface Tally {
  value: number;
}

/** A counter with one label and a closed set of values. */
interface CounterBy<L extends string, V extends string> {
  inc(labels: Record<L, V>): void;
}

type Counter<L extends string> = ReturnType<typeof Metrics.prototype.counter<L>>;

/** Calls `catchUp`, which updates `counter`, at each scrape. */
function atScrape<L extends string>(counter: Counter<L>, catchUp: () => void): void {
  // prom-client calls `collect` before it reads a metric; its types show it only in the constructor.
  Object.assign(counter, { collect: catchUp });
}

function tally(metrics: Metrics, name: string, help: string): Tally {
  const counter = metrics.counter(name, help);
  const count: Tally = { value: 0 };
  let reported = 0;
  atScrape(counter, () => {
    counter.inc(count.value - reported);
    reported = count.value;
  });
  return count;
}

/** msg_server's metrics, whose names are prefixed by `teamtalk_msg_server_`. */
export class MsgServerMetrics {
  readonly #received = new Map<number, Tally>();
  readonly #unknown: Tally = { value: 0 };

  /** Logins and faults by client version, which has too many values for a label. */
  readonly builds = new ClientBuilds();

  /** messages accepted from clients and passed to the store */
  readonly messages: Tally;
  readonly acked: Tally;
  /** message PDUs written to connections */
  readonly delivered: Tally;
  readonly sentBytes: Tally;

  readonly #dropped: CounterBy<'reason', DropReason>;
  readonly #badPdus: CounterBy<'reason', BadPduReason>;
  readonly closed: CounterBy<'reason', CloseReason>;
  readonly logins: CounterBy<'result', LoginOutcome>;
  readonly loginWaitSeconds: { observe(seconds: number): void };
  readonly refusedSockets: ListenerMetrics['refusedSockets'];
  readonly proxyRefused: ListenerMetrics['proxyRefused'];
  readonly refusedByAddress: ListenerMetrics['refusedByAddress'];
  readonly upgradesRefused: ListenerMetrics['upgradesRefused'];
  readonly handshakesFailed: ListenerMetrics['handshakesFailed'];
  readonly certificateReloads: ListenerMetrics['certificateReloads'];
  readonly queriesFailed: CounterBy<'command', string>;
  readonly refused: CounterBy<'command', string>;
  readonly groupChangesUnconfirmed: { inc(): void };
  readonly notificationsDropped: { inc(): void };
  readonly querySeconds: { startTimer(labels: { command: string }): () => void };
  readonly appendSeconds: { observe(seconds: number): void };
  readonly deliverySeconds: { observe(seconds: number): void };
  readonly gaps: CounterBy<'outcome', 'late' | 'fetched' | 'given-up' | 'disconnected'>;
  readonly presenceUpdates: CounterBy<'outcome', 'complete' | 'partial' | 'unanswered' | 'again'>;
  readonly readsFailed: { inc(): void };
  readonly throttled: CounterBy<'reason', 'rate' | 'cost' | 'queue-full'>;

  constructor(metrics: Metrics, commandIds: Iterable<number>) {
    this.messages = tally(metrics, 'messages_total', 'Messages accepted from clients');
    this.acked = tally(metrics, 'messages_acked_total', 'Messages stored and acknowledged to their sender');
    this.delivered = tally(
      metrics,
      'messages_delivered_total',
      'Messages written to connections, counted once per connection',
    );
    this.sentBytes = tally(metrics, 'sent_bytes_total', 'Bytes written to client sockets');
    this.#dropped = metrics.counter(
      'messages_dropped_total',
      'Messages from clients that were not acknowledged, by reason',
      ['reason'],
    );
    this.#badPdus = metrics.counter('bad_pdus_total', 'Invalid PDUs, by reason', ['reason']);
    this.closed = metrics.counter('connections_closed_total', 'Client connections that ended, by reason', [
      'reason',
    ]);
    this.logins = metrics.counter('logins_total', 'Logins, by result', ['result']);
    const shared = listenerMetrics(metrics);
    this.refusedSockets = shared.refusedSockets;
    this.refusedByAddress = shared.refusedByAddress;
    this.proxyRefused = shared.proxyRefused;
    this.handshakesFailed = shared.handshakesFailed;
    this.certificateReloads = shared.certificateReloads;
    this.upgradesRefused = shared.upgradesRefused;
    this.queriesFailed = metrics.counter(
      'queries_failed_total',
      'Client requests left unanswered because another service did not answer',
      ['command'],
    );
    this.refused = metrics.counter(
      'requests_refused_total',
      'Client requests refused: not permitted, not possible, or on behalf of another user',
      ['command'],
    );
    this.groupChangesUnconfirmed = metrics.counter(
      'group_changes_untold_total',
      'Group changes that a msg_server concerned has not confirmed',
    );
    this.notificationsDropped = metrics.counter(
      'notices_dropped_total',
      'Notifications about changed users dropped because too many were waiting',
    );
    this.querySeconds = metrics.histogram('query_seconds', 'Time to answer a client request', ['command']);
    this.appendSeconds = metrics.talliedHistogram(
      'append_seconds',
      'Time from accepting a message to the store’s result',
    );
    this.deliverySeconds = metrics.talliedHistogram(
      'delivery_seconds',
      'Time from receiving the sender’s PDU (or HTTP call) to writing to the receiver’s socket, by the clocks of both machines; counted once per connection',
    );
    this.loginWaitSeconds = metrics.histogram(
      'login_wait_seconds',
      'Time that queued logins waited for their turn; those given up are not counted',
    );
    this.gaps = metrics.counter(
      'delivery_gaps_total',
      'Messages that were missing when a later one came, by how the gap ended',
      ['outcome'],
    );
    this.presenceUpdates = metrics.counter(
      'presence_updates_total',
      'Presence updates, by whether all, some or none of the route_servers answered',
      ['outcome'],
    );
    this.readsFailed = metrics.counter(
      'read_marks_failed_total',
      'Read marks that had no effect or got no result',
    );
    this.throttled = metrics.counter(
      'connections_held_total',
      'Times that reading from a connection was paused, by reason',
      ['reason'],
    );
    this.#countCommands(metrics, commandIds);
  }

  /** Counts an invalid PDU, also by the client's version. */
  badPdu(client: Client, reason: BadPduReason): void {
    this.#badPdus.inc({ reason });
    this.builds.fault(client, reason);
  }

  /** Counts a message that is not acknowledged; also by the client's version when the client is at fault. */
  dropped(client: Client, reason: DropReason): void {
    this.#dropped.inc({ reason });
    if (clientFaults.has(reason)) this.builds.fault(client, `message-${reason}`);
  }

  /** Counts a PDU by its command; unknown commands are counted together. */
  received(commandId: number): void {
    const count = this.#received.get(commandId) ?? this.#unknown;
    count.value++;
  }

  #countCommands(metrics: Metrics, commandIds: Iterable<number>): void {
    const counter = metrics.counter('pdus_received_total', 'PDUs received from clients', ['command']);
    const reported = new Map<string, number>();
    for (const id of commandIds) this.#received.set(id, { value: 0 });
    const catchUp = (command: string, { value }: Tally) => {
      counter.inc({ command }, value - (reported.get(command) ?? 0));
      reported.set(command, value);
    };
    atScrape(counter, () => {
      for (const [id, count] of this.#received) catchUp(commandLabel(id), count);
      catchUp('unknown', this.#unknown);
    });
  }
}

/** A command as shown in metrics and logs, such as `0x0301`. */
export function commandLabel(commandId: number): string {
  return `0x${commandId.toString(16).padStart(4, '0')}`;
}
