import { traceHalves } from '@teamtalk/service-kit';
import type { FaultTimes } from './fault-times.js';
import type { Ledger } from './ledger.js';

/** A message in history. */
export interface StoredRow {
  conv: string;
  id: number;
  from_id: number;
  data: Buffer;
  /** trace id, as in the services' logs */
  trace: string;
  /** id of the transaction that stored it */
  xid: string;
  /** by PostgreSQL's clock, milliseconds since 1970 */
  stored_ms: number;
}

export type Sql = <Row>(text: string, values: unknown[]) => Promise<Row[]>;

/** Selects the fields of a StoredRow from `message`. */
export const storedColumns = `conv::text, id, from_id, data, lpad(to_hex(token), 16, '0') AS trace, xmin::text AS xid,
  extract(epoch FROM created_at)::float8 * 1000 AS stored_ms`;

/** A round describes at most so many copies; each costs a query. */
const maxDescribed = 20;

/**
 * Describes messages that history has more than once: who sent them and when, and which attempt stored each copy.
 * Copies with the same trace id are retries of one request, by the servers or by the client on the same connection.
 * Copies with the same transaction id were in one batch of a db_proxy_server.
 */
export class Copies {
  readonly #ledger: Ledger;
  readonly #sql: Sql;
  readonly #faults: FaultTimes | undefined;
  #described = 0;

  /** @param faults undefined: the times of faults are no longer known */
  constructor(ledger: Ledger, sql: Sql, faults?: FaultTimes) {
    this.#ledger = ledger;
    this.#sql = sql;
    this.#faults = faults;
  }

  /** @param copy any of the copies */
  async describe(serial: number, copy: Pick<StoredRow, 'conv' | 'from_id' | 'data'>): Promise<string> {
    if (++this.#described > maxDescribed) return '';
    const { conv, from_id: from, data } = copy;
    const sent = this.#ledger.sent.get(serial);
    const parts = [
      `; conversation ${conv}, user ${from} (${this.#ledger.clients.get(from) ?? 'unknown'} client)`,
    ];
    if (sent) parts.push(`sent ${this.#time(sent.sentAt)}`);
    if (sent?.ackedAt !== undefined) {
      const how = sent.steady ? '' : ', possibly sent more than once';
      parts.push(`acked as ${sent.msgId} ${this.#time(sent.ackedAt)}${how}`);
    }
    const rows = await this.#sql<StoredRow>(
      `SELECT ${storedColumns} FROM message WHERE conv = $1::int8 AND data = $2 ORDER BY id`,
      [conv, data],
    );
    for (const { id, trace, xid, stored_ms } of rows) {
      const { instance, requestId } = traceHalves(trace)!;
      const time = this.#time(stored_ms - performance.timeOrigin);
      parts.push(
        `${id} stored ${time}, transaction ${xid}, trace ${trace} (${instance}, request ${requestId})`,
      );
    }
    return parts.join('; ');
  }

  #time(at: number): string {
    const clock = `at ${new Date(performance.timeOrigin + at).toISOString()}`;
    const since = this.#faults?.since(at);
    return since ? `${since}, ${clock}` : clock;
  }
}
