import type { Metrics } from '@teamtalk/service-kit';
import { type DeliveryOutcome, deliveryOutcomes, type MessageOutcome, messageOutcomes } from './ledger.js';

/** The canary's metrics. */
export class CanaryMetrics {
  readonly #messages;
  readonly #deliveries;
  readonly #acknowledgeSeconds;
  readonly #deliverySeconds;

  constructor(
    metrics: Metrics,
    figures: { servers(): number; connectedServers(): number; users(): number; onlineUsers(): number },
  ) {
    this.#messages = metrics.counter(
      'messages_total',
      'Messages sent, by outcome: `acknowledged`, `unacknowledged`, or `interrupted` because the sender’s connection ended',
      ['outcome'],
    );
    this.#deliveries = metrics.counter(
      'deliveries_total',
      'Deliveries of acknowledged messages to each online receiver, by outcome: `delivered` in time, `late` (CANARY_LATE_MS), `lost` (CANARY_LOST_SECONDS), `duplicated`, `reordered`, or `interrupted` because the receiver’s connection ended',
      ['outcome'],
    );
    // rate() misses the first event of a counter that did not exist before it.
    for (const outcome of messageOutcomes) this.#messages.inc({ outcome }, 0);
    for (const outcome of deliveryOutcomes) this.#deliveries.inc({ outcome }, 0);
    this.#acknowledgeSeconds = metrics.histogram(
      'acknowledge_seconds',
      'Time from sending a message to its acknowledgement',
    );
    this.#deliverySeconds = metrics.histogram(
      'delivery_seconds',
      'Time from sending a message to its arrival at each receiver',
    );
    metrics.gauge('servers', 'msg_servers found', figures.servers);
    metrics.gauge('servers_connected', 'msg_servers where an account is online', figures.connectedServers);
    metrics.gauge('users', 'Accounts that should be online', figures.users);
    metrics.gauge('users_online', 'Accounts online', figures.onlineUsers);
  }

  message(outcome: MessageOutcome, ms: number): void {
    this.#messages.inc({ outcome });
    if (outcome === 'acknowledged') this.#acknowledgeSeconds.observe(ms / 1_000);
  }

  /** @param ms undefined: not arrived, or a repeated arrival */
  delivery(outcome: DeliveryOutcome, ms: number | undefined): void {
    this.#deliveries.inc({ outcome });
    if (ms !== undefined) this.#deliverySeconds.observe(ms / 1_000);
  }
}
