import { every, type Kit, TeamTalkError, withDeadline } from '@teamtalk/service-kit';
import pg from 'pg';
import type { DatabaseConfig, Statement } from '../database/database.js';
import { connectionName } from '../database/running-programs.js';
import { Servers } from '../database/servers.js';

/** The state of a conversation and its reader at the primary, when the request arrives. */
export interface Position {
  last_id: number;
  /** the reader sees only messages with higher ids */
  after_id: number;
  /** epoch of the store (store-epoch.ts) */
  epoch: number;
  /** messages whose content was erased so far, in all conversations */
  erased: number;
}

/** A row of a statement made by `withPosition`. */
interface ReplicaRow {
  replica_last_id: number | null;
  replica_epoch: number | null;
  replica_erased: number | null;
  id: number | null;
}

/** Timeout of a statement, milliseconds: short enough for the primary to answer within the caller's deadline after it. */
const statementMs = 1_000;
/** Most callers that may wait for a connection. */
const maxWaiting = 1_000;
const probeEveryMs = 1_000;
const probe = 'SELECT epoch FROM store_epoch';

/**
 * A standby that answers reads of history. Its pages are never older than the request: the primary provides the conversation's
 * newest message id and the range that is kept, and the standby's answer is used only if it has replayed up to there, and every
 * erasure. Messages are otherwise immutable, and their rows are replayed together with the conversation's last id.
 */
export class HistoryReplica {
  readonly #pool: pg.Pool | undefined;
  readonly #log: Kit['log'];
  readonly #reads;
  readonly #stopProbing: (() => Promise<void>) | undefined;
  #up = false;

  /** @param config undefined: there is no replica, and it is never ready */
  constructor(config: DatabaseConfig | undefined, { log, metrics }: Pick<Kit, 'log' | 'metrics'>) {
    this.#log = log;
    this.#reads = metrics.counter(
      'history_reads_total',
      'Reads of history, by who answered: the replica, or the primary because the replica had not replayed the newest message (behind), gave no answer (failed), or was known to be down or busy (away)',
      ['way'],
    );
    metrics.gauge('history_replica_up', '1 while the replica for history answers', () => (this.#up ? 1 : 0));
    if (!config) return;
    this.#pool = new pg.Pool({
      ...new Servers(config.url).options,
      application_name: connectionName('history'),
      max: config.poolSize,
      connectionTimeoutMillis: statementMs,
      statement_timeout: statementMs,
      query_timeout: statementMs + 500,
      options: '-c max_parallel_workers_per_gather=0 -c jit=off',
      keepAlive: true,
    });
    this.#pool.on('error', (error) => log.debug({ err: error }, 'idle connection of the replica broke'));
    const pool = this.#pool;
    this.#stopProbing = every(probeEveryMs, () => this.#probe(pool));
  }

  /** Whether a read should try the replica; if not, counts it as one of the primary. */
  ready(): boolean {
    if (this.#pool && this.#up && this.#pool.waitingCount < maxWaiting) return true;
    this.#reads.inc({ way: this.#pool ? 'away' : 'primary' });
    return false;
  }

  /**
   * Runs a statement made by `withPosition`.
   * @returns undefined when the replica does not answer or is behind the position
   */
  async read<Row>(statement: Statement, values: unknown[], position: Position): Promise<Row[] | undefined> {
    try {
      const { rows = [] } = (await this.#pool?.query<ReplicaRow>({ ...statement, values })) ?? {};
      const [first] = rows;
      const covers =
        first?.replica_epoch === position.epoch &&
        (first.replica_last_id ?? 0) >= position.last_id &&
        (first.replica_erased ?? 0) >= position.erased;
      this.#reads.inc({ way: covers ? 'replica' : 'behind' });
      return covers ? (rows.filter(({ id }) => id !== null) as Row[]) : undefined;
    } catch (error) {
      this.#reads.inc({ way: 'failed' });
      this.#note(false, error);
      return undefined;
    }
  }

  async close(): Promise<void> {
    void this.#stopProbing?.();
    await this.#pool?.end();
  }

  async #probe(pool: pg.Pool): Promise<void> {
    try {
      const { rows } = await withDeadline(pool.query(probe), 2 * statementMs, 'the answer of the replica');
      if (rows.length === 0) throw new TeamTalkError('unavailable', 'it has no store epoch');
      this.#note(true);
    } catch (error) {
      this.#note(false, error);
    }
  }

  #note(up: boolean, error?: unknown): void {
    if (up === this.#up) return;
    this.#up = up;
    if (up) this.#log.info('replica for history available');
    else this.#log.warn({ err: error }, 'replica for history unavailable; the primary answers');
  }
}

/** Each batch of an erasure increases it in the same transaction. */
export const erasedSoFar = 'SELECT coalesce(sum(messages), 0)::float8 FROM erasure';

/**
 * Adds to the rows of `select` how far the conversation has been replayed, in the same snapshot.
 * @param conv SQL expression for the conversation's key
 */
export function withPosition(select: string, conv: string): string {
  return `
    SELECT s.*, p.* FROM (
      SELECT (SELECT last_id FROM conversation WHERE conv = ${conv}) AS replica_last_id,
        (SELECT epoch::float8 FROM store_epoch) AS replica_epoch, (${erasedSoFar}) AS replica_erased
    ) s LEFT JOIN (${select}) p ON true ORDER BY p.id DESC`;
}
