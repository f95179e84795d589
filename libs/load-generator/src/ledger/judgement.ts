// What counts as lost, duplicated and reordered, for every ledger: the load generator's and that of the chaos tests.

/** Counts violations by kind, and reports the first of them in words. */
export class Findings<Kind extends string> {
  readonly #kinds: readonly Kind[];
  readonly #report: (text: string) => void;
  #counts: Record<Kind, number>;
  #reported = 0;

  constructor(kinds: readonly Kind[], report: (text: string) => void = () => {}) {
    this.#kinds = kinds;
    this.#report = report;
    this.#counts = this.#none();
  }

  get counts(): Readonly<Record<Kind, number>> {
    return this.#counts;
  }

  add(kind: Kind, text: string): void {
    this.#counts[kind]++;
    this.complain(`${kind}: ${text}`);
  }

  /** Reports something that has no count of its own. */
  complain(text: string): void {
    if (++this.#reported <= maxReports) this.#report(text);
  }

  /** Starts again from 0. @returns the counts so far */
  reset(): Record<Kind, number> {
    const counts = this.#counts;
    this.#counts = this.#none();
    this.#reported = 0;
    return counts;
  }

  #none(): Record<Kind, number> {
    return Object.fromEntries(this.#kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  }
}

const maxReports = 20;

/** A message as its ledger has it. */
export interface SentMessage {
  number: number;
  /** the same for all messages of one sender in one conversation */
  lane: number | string;
  /** as acknowledged; 0: the ack has no id; undefined: there was no ack */
  msgId: number | undefined;
  /** whether nothing sent later on its lane may have a lower id: its sender did not have to send it again */
  isOrdered: boolean;
}

/** How often a message got a lower id than one sent before it on its lane. */
export class SendOrder {
  readonly #newest = new Map<number | string, { number: number; msgId: number }>();

  /** Takes messages in the order they were sent in. @returns one sent earlier that has a higher id */
  take({ number, lane }: SentMessage, msgId: number): { number: number; msgId: number } | undefined {
    const before = this.#newest.get(lane);
    if (before && before.msgId > msgId) return before;
    this.#newest.set(lane, { number, msgId });
    return undefined;
  }
}

/** Takes what comparing with history finds. */
interface HistoryFindings {
  add(kind: 'lost' | 'duplicated' | 'reordered', text: string): void;
}

/** What history has of a run's messages. */
export class StoredMessages {
  readonly #findings: HistoryFindings;
  readonly #ids = new Map<number, number>();
  /** ids of those that are there more than once */
  readonly #duplicates = new Map<number, number[]>();

  constructor(findings: HistoryFindings) {
    this.#findings = findings;
  }

  /** Distinct messages. */
  get size(): number {
    return this.#ids.size;
  }

  idOf(number: number): number | undefined {
    return this.#ids.get(number);
  }

  /**
   * Records that a message is in the history of the conversation it was sent to. Rows may come in any order.
   * @param details appended to the finding if the message is a duplicate
   */
  add(number: number, msgId: number, details = ''): void {
    const known = this.#ids.get(number);
    if (known === undefined) {
      this.#ids.set(number, msgId);
      return;
    }
    this.#duplicates.set(number, [...(this.#duplicates.get(number) ?? [known]), msgId]);
    this.#findings.add('duplicated', `${number} is in history as ${known} and ${msgId}${details}`);
  }

  /** Compares all of it with what was sent, in the order it was sent in. Nothing may be in flight. */
  judge(sent: Iterable<SentMessage>): void {
    const order = new SendOrder();
    for (const message of sent) {
      const { number, lane, msgId, isOrdered } = message;
      const id = this.#ids.get(number);
      if (msgId !== undefined && !this.#isStoredAs(number, msgId))
        this.#findings.add('lost', `${number} of ${lane} is not in history as ${msgId}, but as ${id}`);
      if (id === undefined || !isOrdered) continue;
      const before = order.take(message, id);
      if (before)
        this.#findings.add(
          'reordered',
          `${number} is ${id}, ${before.number} before it ${before.msgId} of ${lane}`,
        );
    }
  }

  #isStoredAs(number: number, msgId: number): boolean {
    const id = this.#ids.get(number);
    return (
      id !== undefined && (msgId === 0 || id === msgId || !!this.#duplicates.get(number)?.includes(msgId))
    );
  }
}
