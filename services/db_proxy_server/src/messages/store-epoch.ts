import type { Kit } from '@teamtalk/service-kit';
import type { ClientBase, Pool } from 'pg';
import type { StoredBatch, StoredMessage } from './stored-batch.js';

interface EpochRow {
  epoch: string;
  synchronous: boolean;
}

/**
 * The history of the database this process works with. A promoted standby that lagged, or a restored backup, lacks the
 * last commits, so message ids would be assigned twice. A new epoch makes every process drop its state of the old one.
 * Each new connection checks the epoch before use, so nothing is stored before the check.
 */
export class StoreEpoch {
  readonly #kit: Kit;
  readonly #warnIfAsynchronous: boolean;
  readonly #changed: (() => void)[] = [];
  readonly #begun;
  #current = 0;
  #synchronous: boolean | undefined;
  /** The last message committed by this process, which any loss would include. */
  #last: StoredMessage | undefined;

  /** @param hasStandbys the database URL names several servers: warns when commits do not wait for a standby */
  constructor(kit: Kit, hasStandbys: boolean) {
    this.#kit = kit;
    this.#warnIfAsynchronous = hasStandbys;
    this.#begun = kit.metrics.counter(
      'store_epochs_total',
      'Times a new store epoch began because the database lost committed data, or may have lost it',
    );
    kit.metrics.gauge(
      'synchronous_commits',
      '1 while commits wait for a standby, so that its promotion loses nothing',
      () => (this.#synchronous ? 1 : 0),
    );
  }

  /** The current epoch; 0 before the first connection. */
  get current(): number {
    return this.#current;
  }

  /** Calls `listener` when a new epoch begins, before any connection is used in it. */
  onChange(listener: () => void): void {
    this.#changed.push(listener);
  }

  noteStored({ messages }: StoredBatch): void {
    this.#last = messages.at(-1) ?? this.#last;
  }

  /** Makes every new connection of the pool check the epoch before use. */
  async guard(pool: Pool): Promise<void> {
    pool.options.onConnect = (client) => this.#enter(client);
    await this.#enter(pool);
  }

  /**
   * Compares the known epoch with the database. Call it once a second, since a process may open no new connection for a long time.
   * @throws the error of pg
   */
  async check(pool: Pool): Promise<void> {
    try {
      await this.#enter(pool);
    } catch (error) {
      // Database reports that PostgreSQL is unavailable.
      this.#kit.log.debug({ err: error }, 'store epoch check failed');
      throw error;
    }
  }

  async #enter(client: ClientBase | Pool): Promise<void> {
    const { rows } = await client.query<EpochRow>({
      name: 'enter_store',
      text: 'SELECT * FROM enter_store($1, $2, $3, $4)',
      values: [this.#current, ...(this.#last ? keyOf(this.#last) : [null, null, null])],
    });
    const [row] = rows;
    if (!row) return;
    this.#noteSynchronous(row.synchronous);
    const epoch = Number(row.epoch);
    if (epoch <= this.#current) return;
    const first = this.#current === 0;
    this.#current = epoch;
    if (first) return;
    this.#last = undefined;
    this.#begun.inc();
    this.#kit.log.error(
      { epoch },
      'store epoch changed: committed data lost, or possibly lost; re-reading undelivered messages and reconnecting clients',
    );
    for (const listener of this.#changed) listener();
  }

  #noteSynchronous(synchronous: boolean): void {
    if (synchronous === this.#synchronous) return;
    this.#synchronous = synchronous;
    if (!this.#warnIfAsynchronous) return;
    if (synchronous) this.#kit.log.info('commits synchronous: a promotion loses nothing');
    else this.#kit.log.warn('commits asynchronous: a promotion may lose acknowledged messages');
  }
}

/** The key of a message in its table: conversation, id, token. */
function keyOf(message: StoredMessage): [conv: string, id: number, token: string] {
  const { isGroup, fromUserId, toSessionId, msgId, originInstance, originRequestId } = message;
  const [low, high] = isGroup
    ? [0, toSessionId]
    : [Math.min(fromUserId, toSessionId), Math.max(fromUserId, toSessionId)];
  return [int8Of(low, high), msgId, int8Of(originInstance, originRequestId)];
}

function int8Of(high: number, low: number): string {
  return String(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)));
}
