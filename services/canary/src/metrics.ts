import type { Metrics } from '@teamtalk/service-kit';
import { type DeliveryOutcome, deliveryOutcomes, type MessageOutcome, messageOutcomes } from './ledger.js';

/** What the canary counts. */
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
      'Messages written, by outcome: `acknowledged`, `unacknowledged`, or `interrupted` because the sender’s connection ended',
      ['outcome'],
    );
    this.#deliveries = metrics.counter(
      'deliveries_total',
      'What became of acknowledged messages at each receiver who was online: `delivered` in time, `late` (CANARY_LATE_MS), `lost` (CANARY_LOST_SECONDS), `duplicated`, `reordered`, or `interrupted` because the receiver’s connection ended',
      ['outcome'],
    );
    // A rate can only be told of a counter that was there before its first event.
    for (const outcome of messageOutcomes) this.#messages.inc({ outcome }, 0);
    for (const outcome of deliveryOutcomes) this.#deliveries.inc({ outcome }, 0);
    this.#acknowledgeSeconds = metrics.histogram(
      'acknowledge_seconds',
      'Time from writing a message to its acknowledgement',
    );
    this.#deliverySeconds = metrics.histogram(
      'delivery_seconds',
      'Time from writing a message to its arrival at each receiver',
    );
    metrics.gauge('servers', 'msg_servers that were found', figures.servers);
    metrics.gauge('servers_connected', 'msg_servers at which an account is online', figures.connectedServers);
    metrics.gauge('users', 'Accounts that are to be online', figures.users);
    metrics.gauge('users_online', 'Accounts that are online', figures.onlineUsers);
  }

  message(outcome: MessageOutcome, ms: number): void {
    this.#messages.inc({ outcome });
    if (outcome === 'acknowledged') this.#acknowledgeSeconds.observe(ms / 1_000);
  }

  /** @param ms undefined: it has not arrived, or not for the first time */
  delivery(outcome: DeliveryOutcome, ms: number | undefined): void {
    this.#deliveries.inc({ outcome });
    if (ms !== undefined) this.#deliverySeconds.observe(ms / 1_000);
  }
}
