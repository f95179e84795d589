import type { Kit } from '@teamtalk/service-kit';
import type { Pool, PoolClient } from 'pg';
import { int4Array, int8Array } from '../binary-array.js';
import type { OpenElsewhere } from '../stored-batch.js';
import type { OpenMessages } from './open-messages.js';

/**
 * The first message of each conversation, of those below `before`, that is in the outbox; null: none.
 * @throws what PostgreSQL says
 */
export async function findOpen(
  client: Pool | PoolClient,
  conversations: readonly Pick<OpenElsewhere, 'low' | 'high' | 'before'>[],
): Promise<(number | null)[]> {
  if (conversations.length === 0) return [];
  const { rows } = await client.query<{ lowest: (number | null)[] }>({
    name: 'open_messages',
    text: 'SELECT lowest FROM open_messages($1, $2)',
    values: [
      int8Array(
        conversations,
        ({ low }) => low,
        ({ high }) => high,
      ),
      int4Array(conversations, ({ before }) => before),
    ],
  });
  return rows[0]?.lowest ?? [];
}

const lookMs = 200;

/** Finds out when what others have stored is delivered. Costs nothing as long as nothing of the kind is known. */
export class OpenElsewhereWatch {
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(pool: Pool, kit: Kit, open: OpenMessages) {
    this.#timer = setInterval(() => {
      const asked = open.elsewhere;
      if (asked.length === 0 || this.#running) return;
      this.#running = findOpen(pool, asked)
        .then((lowest) => open.refresh(asked, lowest))
        .catch((error: unknown) => {
          kit.log.warn({ err: error }, 'what others have not delivered is not known');
        })
        .finally(() => {
          this.#running = undefined;
        });
    }, lookMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }
}
