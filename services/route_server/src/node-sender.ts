import { type Bus, NobodyListensError, type teamtalk, topics } from '@teamtalk/bus';
import { formatInstance, type Kit } from '@teamtalk/service-kit';

/** Milliseconds a msg_server has to answer; below what those wait who ask us. */
const answerMs = { deliver: 3_000, groupChange: 800 };

/** Sends events to msg_servers. */
export class NodeSender {
  readonly #bus: Bus;
  readonly #kit: Kit;
  readonly #isKnown: (node: number) => boolean;
  readonly #onDead: (node: number) => void;
  readonly #unanswered;

  /**
   * @param isKnown whether somebody is still there on a msg_server
   * @param onDead called when nobody listens for a msg_server any more
   */
  constructor(bus: Bus, kit: Kit, isKnown: (node: number) => boolean, onDead: (node: number) => void) {
    this.#bus = bus;
    this.#kit = kit;
    this.#isKnown = isKnown;
    this.#onDead = onDead;
    this.#unanswered = kit.metrics.counter(
      'node_unanswered_total',
      'Batches and changes of groups a msg_server did not take in time',
    );
  }

  send(node: number, event: teamtalk.bus.NodeEvent.$Properties): void {
    this.#bus.publish(topics.node(node), event);
  }

  /** Tells those who are no msg_servers whose PC presence changed: webhooks. */
  announceStatus(changes: teamtalk.bus.StatusChanges.$Properties): void {
    this.#bus.publish(topics.statusChanges, changes);
  }

  /**
   * Resolves when the msg_server has taken the event, or is dead: its clients then learn of it when they
   * log in elsewhere.
   * @throws TeamTalkError `deadline-exceeded` when it lives but does not answer
   */
  async ask(
    node: number,
    event: Pick<teamtalk.bus.NodeEvent.$Properties, 'deliver' | 'groupChange'>,
  ): Promise<void> {
    try {
      await this.#bus.request(
        topics.node(node),
        event,
        event.deliver ? answerMs.deliver : answerMs.groupChange,
      );
    } catch (error) {
      // It was taken for dead while we waited.
      if (!this.#isKnown(node)) return;
      const refused = error instanceof NobodyListensError && this.#bus.settled;
      if (!refused) {
        this.#unanswered.inc();
        throw error;
      }
      this.#kit.log.warn({ node: formatInstance(node) }, 'nobody listens for a msg_server any more');
      this.#onDead(node);
    }
  }
}
