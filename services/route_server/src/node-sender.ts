import { type Bus, NobodyListensError, type teamtalk, topics } from '@teamtalk/bus';
import { formatInstance, type Kit } from '@teamtalk/service-kit';

/** Timeout of a msg_server's answer, milliseconds; below the timeout of route_server's own callers. */
const answerMs = { deliver: 3_000, groupChange: 800 };
/**
 * A msg_server without a subscriber for this long is dead, milliseconds; one that fails over to another NATS server is
 * back sooner.
 */
const graceMs = 1_500;
/** Interval and timeout of probes whether it is back, milliseconds. */
const probeMs = { every: 100, answer: 1_000 };

/** Sends events to msg_servers. */
export class NodeSender {
  readonly #bus: Bus;
  readonly #kit: Kit;
  readonly #isKnown: (node: number) => boolean;
  readonly #onDead: (node: number) => void;
  readonly #unanswered;
  /** msg_servers without a subscriber, and whether they come back. */
  readonly #absent = new Map<number, Promise<boolean>>();

  /**
   * @param isKnown whether a msg_server still has sessions
   * @param onDead called when a msg_server has had no subscriber for 1.5 s
   */
  constructor(bus: Bus, kit: Kit, isKnown: (node: number) => boolean, onDead: (node: number) => void) {
    this.#bus = bus;
    this.#kit = kit;
    this.#isKnown = isKnown;
    this.#onDead = onDead;
    this.#unanswered = kit.metrics.counter(
      'node_unanswered_total',
      'Batches and group changes that a msg_server did not accept in time',
    );
  }

  send(node: number, event: teamtalk.bus.NodeEvent.$Properties): void {
    this.#bus.publish(topics.node(node), event);
  }

  /** Publishes changes of PC presence for webhooks. */
  announceStatus(changes: teamtalk.bus.StatusChanges.$Properties): void {
    this.#bus.publish(topics.statusChanges, changes);
  }

  /**
   * Resolves when the msg_server has accepted the event, or is dead: its clients then synchronise when they log in elsewhere.
   * @throws TeamTalkError `deadline-exceeded` when it is alive but does not answer
   */
  async ask(
    node: number,
    event: Pick<teamtalk.bus.NodeEvent.$Properties, 'deliver' | 'groupChange'>,
  ): Promise<void> {
    const end = performance.now() + (event.deliver ? answerMs.deliver : answerMs.groupChange);
    for (;;) {
      try {
        await this.#bus.request(topics.node(node), event, Math.max(1, end - performance.now()));
        return;
      } catch (error) {
        // It was evicted meanwhile.
        if (!this.#isKnown(node)) return;
        if (!this.#isAbsence(error)) {
          this.#unanswered.inc();
          throw error;
        }
      }
      if (!(await this.#returns(node))) return;
    }
  }

  #isAbsence(error: unknown): boolean {
    return error instanceof NobodyListensError && this.#bus.stable;
  }

  /** @returns false when it is dead */
  #returns(node: number): Promise<boolean> {
    let returns = this.#absent.get(node);
    if (!returns) {
      returns = this.#probe(node).finally(() => this.#absent.delete(node));
      this.#absent.set(node, returns);
    }
    return returns;
  }

  async #probe(node: number): Promise<boolean> {
    const end = performance.now() + graceMs;
    do {
      await new Promise((resolve) => setTimeout(resolve, probeMs.every));
      if (!this.#isKnown(node)) return false;
      try {
        // An empty delivery is answered without any effect.
        await this.#bus.request(topics.node(node), { deliver: {} }, probeMs.answer);
        return true;
      } catch (error) {
        // Any other problem shows when the event itself is sent.
        if (!this.#isAbsence(error)) return true;
      }
    } while (performance.now() < end);
    this.#kit.log.warn({ node: formatInstance(node) }, 'msg_server has no subscriber; evicting it');
    this.#onDead(node);
    return false;
  }
}
