import { every, type Kit } from '@teamtalk/service-kit';
import type { Pool, PoolClient } from 'pg';
import { int4Array, int8Array } from '../binary-array.js';
import type { ForeignUndelivered } from '../stored-batch.js';
import type { UndeliveredTracker } from './undelivered-tracker.js';

/**
 * The lowest message below `before` of each conversation that is in the outbox; null: none.
 * @param newest the outbox row of the last message in question; earlier messages are in older rows
 * @throws the error of pg
 */
export async function findUndelivered(
  client: Pool | PoolClient,
  conversations: readonly Pick<ForeignUndelivered, 'low' | 'high' | 'before'>[],
  newest?: string,
): Promise<(number | null)[]> {
  if (conversations.length === 0) return [];
  const { rows } = await client.query<{ lowest: (number | null)[] }>({
    name: 'open_messages',
    text: 'SELECT lowest FROM open_messages($1, $2, $3)',
    values: [
      int8Array(
        conversations,
        ({ low }) => low,
        ({ high }) => high,
      ),
      int4Array(conversations, ({ before }) => before),
      newest,
    ],
  });
  return rows[0]?.lowest ?? [];
}

const pollIntervalMs = 250;

/** The pause after a query is at least this many times its duration, because it reads the whole outbox. */
const idleTimes = 4;

/** Tracks the delivery of messages stored by other replicas or left to the reclaimer, while there are any. */
export class ForeignUndeliveredWatch {
  readonly #pool: Pool;
  readonly #kit: Kit;
  readonly #open: UndeliveredTracker;
  readonly #responsive: () => boolean;
  #stopPolling: (() => Promise<void>) | undefined;
  #stopped = false;
  /** performance.now() of the next query */
  #dueAt = 0;

  /** @param responsive whether messages can be delivered now */
  constructor(pool: Pool, kit: Kit, open: UndeliveredTracker, responsive: () => boolean) {
    this.#pool = pool;
    this.#kit = kit;
    this.#open = open;
    this.#responsive = responsive;
  }

  /** To be called when there may be new ones. */
  check(): void {
    if (this.#stopped || !this.#open.knowsForeign) return;
    this.#stopPolling ??= every(pollIntervalMs, () => this.#poll());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#stopPolling?.();
  }

  async #poll(): Promise<void> {
    if (!this.#open.knowsForeign) {
      void this.#stopPolling?.();
      this.#stopPolling = undefined;
      return;
    }
    const begun = performance.now();
    if (begun < this.#dueAt || !this.#responsive()) return;
    const asked = this.#open.foreign;
    try {
      this.#open.refresh(asked, await findUndelivered(this.#pool, asked));
    } catch (error) {
      this.#kit.log.warn({ err: error }, 'undelivered message query failed');
    }
    this.#dueAt = performance.now() + idleTimes * (performance.now() - begun);
  }
}
