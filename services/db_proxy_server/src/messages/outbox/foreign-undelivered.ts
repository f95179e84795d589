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

const pollIntervalMs = 200;

/** The pause after a query is at least this many times its duration, because it reads the whole outbox. */
const idleTimes = 4;

/**
 * Tracks the delivery of messages stored by other replicas or left to the reclaimer. Runs no queries while there are
 * none.
 */
export class ForeignUndeliveredWatch {
  readonly stop: () => Promise<void>;

  /** @param responsive whether messages can be delivered now */
  constructor(pool: Pool, kit: Kit, open: UndeliveredTracker, responsive: () => boolean) {
    let dueAt = 0;
    this.stop = every(pollIntervalMs, () => {
      const begun = performance.now();
      if (!open.knowsForeign || begun < dueAt || !responsive()) return;
      const asked = open.foreign;
      return findUndelivered(pool, asked)
        .then((lowest) => open.refresh(asked, lowest))
        .catch((error: unknown) => {
          kit.log.warn({ err: error }, 'undelivered message query failed');
        })
        .finally(() => {
          dueAt = performance.now() + idleTimes * (performance.now() - begun);
        });
    });
  }
}
