import { type Bus, NobodyListensError, type teamtalk, topics } from '@teamtalk/bus';
import { formatInstance, type Kit } from '@teamtalk/service-kit';

/** Milliseconds a msg_server has to answer; below what those wait who ask us. */
const answerMs = { deliver: 3_000, groupChange: 800 };
/**
 * A msg_server is dead when nobody has listened for it for this long, milliseconds: one that changes its NATS server is
 * back before.
 */
const graceMs = 1_500;
/** Milliseconds between two looks whether it is back, and those it has to answer one. */
const probeMs = { every: 100, answer: 1_000 };

/** Sends events to msg_servers. */
export class NodeSender {
  readonly #bus: Bus;
  readonly #kit: Kit;
  readonly #isKnown: (node: number) => boolean;
  readonly #onDead: (node: number) => void;
  readonly #unanswered;
  /** The msg_servers that nobody listens for, and whether they came back. */
  readonly #absent = new Map<number, Promise<boolean>>();

  /**
   * @param isKnown whether somebody is still there on a msg_server
   * @param onDead called when nobody has listened for a msg_server for 1.5 s
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
    const end = performance.now() + (event.deliver ? answerMs.deliver : answerMs.groupChange);
    for (;;) {
      try {
        await this.#bus.request(topics.node(node), event, Math.max(1, end - performance.now()));
        return;
      } catch (error) {
        // It was evicted while we waited.
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
        // A delivery of nothing is only answered.
        await this.#bus.request(topics.node(node), { deliver: {} }, probeMs.answer);
        return true;
      } catch (error) {
        // What else may be wrong, the event itself finds out.
        if (!this.#isAbsence(error)) return true;
      }
    } while (performance.now() < end);
    this.#kit.log.warn({ node: formatInstance(node) }, 'nobody listens for a msg_server any more');
    this.#onDead(node);
    return false;
  }
}
