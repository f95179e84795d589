import { every, type Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';

/** Delay until messages are marked after the first device, or the first push_server, has come, milliseconds. */
const refreshMs = 1_000;

/**
 * Whether anything is pushed: whether there is a device, and a push_server has asked for work within a day. Only then stored
 * messages and read positions are marked; otherwise the message path does not know of push.
 */
export class PushMarks {
  readonly #pool: Pool;
  readonly #kit: Kit;
  readonly stop: () => Promise<void>;
  #wanted = false;

  constructor(pool: Pool, kit: Kit) {
    this.#pool = pool;
    this.#kit = kit;
    this.stop = every(refreshMs, () => this.refresh());
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  /** Asks PostgreSQL; where that fails, what was known holds. */
  async refresh(): Promise<void> {
    try {
      const { rows } = await this.#pool.query<{ wanted: boolean }>({
        name: 'push_wanted',
        text: `SELECT EXISTS (SELECT FROM push_consumer WHERE seen_at > now() - interval '1 day')
            AND EXISTS (SELECT FROM push_device WHERE failure IS NULL) AS wanted`,
      });
      this.#wanted = rows[0]?.wanted ?? false;
    } catch (error) {
      this.#kit.log.debug({ err: error }, 'push refresh failed');
    }
  }
}
