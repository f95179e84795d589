import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';

/** A recorded event. Its texts are those that were hashed. */
export interface RecordedEvent {
  id: number;
  /** RFC 3339 with microseconds, UTC */
  at: string;
  actor: string;
  asUser: number | null;
  source: string;
  verb: string;
  resource: string;
  /** JSON */
  before: string | null;
  /** JSON */
  after: string | null;
  /** hex */
  prevHash: string;
  /** hex */
  hash: string;
}

export interface EventFilter {
  /** only ids above this one */
  after?: number;
  /** only what begins with it, such as `user.` */
  verb?: string;
  /** exactly */
  actor?: string;
  /** exactly */
  resource?: string;
}

/** A point of the chain that was written down elsewhere. */
export interface KnownEvent {
  id: number;
  /** hex */
  hash: string;
}

/** What is wrong with the chain, and at which events. */
interface ChainFault {
  code:
    | 'changed'
    | 'missing'
    | 'missing-before'
    | 'newest'
    | 'no-head'
    | 'not-following'
    | 'other-hash'
    | 'unknown-event';
  /** 0: none */
  event: number;
  /** 0: none */
  other: number;
}

export type Verdict =
  | { intact: true; events: number; first: number; last: KnownEvent }
  | { intact: false; problem: string; fault: ChainFault };

const pageSize = 1_000;
const noHash = '0'.repeat(64);

const page = `
  SELECT id::float8 AS id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, actor,
    as_user AS "asUser", source, verb, resource, before::text AS before, after::text AS after,
    encode(prev_hash, 'hex') AS "prevHash", encode(hash, 'hex') AS hash
  FROM audit_event
  WHERE id > $1 AND ($2::text IS NULL OR starts_with(verb, $2)) AND ($3::text IS NULL OR actor = $3)
    AND ($4::text IS NULL OR resource = $4)
  ORDER BY id LIMIT ${pageSize}`;

/** Recorded events, oldest first, page by page. */
export async function* auditEvents(
  source: DataSource | EntityManager,
  { after = 0, verb, actor, resource }: EventFilter = {},
): AsyncGenerator<RecordedEvent> {
  for (let from = after; ; ) {
    const values = [from, verb ?? null, actor ?? null, resource ?? null];
    const rows: RecordedEvent[] = await source.query(page, values);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    from = last.id;
  }
}

/** The hash of an event (hex): what the trigger of audit_event computes. */
export function hashOf(event: Omit<RecordedEvent, 'hash'>): string {
  const { prevHash, id, at, actor, asUser, source, verb, resource, before, after } = event;
  const parts = [prevHash, String(id), at, actor, String(asUser ?? ''), source, verb, resource];
  const text = [...parts, before ?? '', after ?? '']
    .map((part) => `${Buffer.byteLength(part)}:${part}`)
    .join(',');
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Verifies the chain: every event has its hash and that of the one before, none is missing, and the chain ends where the
 * database says. It begins with event 1, or where a later event says that those before have expired.
 * @param known an event whose hash was written down elsewhere; without one, whoever may rewrite the whole table may
 * rewrite the whole chain
 */
export function verifyAudit(dataSource: DataSource, known?: KnownEvent): Promise<Verdict> {
  // One snapshot, since events are added and expire meanwhile.
  return dataSource.transaction('REPEATABLE READ', async (manager) => {
    const [head]: KnownEvent[] = await manager.query(
      `SELECT id::float8 AS id, encode(hash, 'hex') AS hash FROM audit_head`,
    );
    const broken = (code: ChainFault['code'], problem: string, event = 0, other = 0): Verdict => ({
      intact: false,
      problem,
      fault: { code, event, other },
    });
    if (!head) return broken('no-head', 'audit_head is empty');
    let first: RecordedEvent | undefined;
    let last: KnownEvent = { id: 0, hash: noHash };
    let isKnownFound = false;
    let begins = false;
    for await (const event of auditEvents(manager)) {
      if (!first) {
        first = event;
        begins = event.id === 1 && event.prevHash === noHash;
      } else if (event.id !== last.id + 1) {
        return broken('missing', `event ${last.id + 1} is missing`, last.id + 1);
      } else if (event.prevHash !== last.hash) {
        return broken(
          'not-following',
          `event ${event.id} does not follow event ${last.id}: one of them was changed`,
          event.id,
          last.id,
        );
      }
      if (hashOf(event) !== event.hash) return broken('changed', `event ${event.id} was changed`, event.id);
      if (event.verb === 'audit.expire' && endsBefore(event, first)) begins = true;
      if (event.id === known?.id) {
        if (event.hash !== known.hash) {
          return broken('other-hash', `event ${event.id} has another hash than the one given`, event.id);
        }
        isKnownFound = true;
      }
      last = event;
    }
    if (first && !begins)
      return broken('missing-before', `the events before ${first.id} are missing`, first.id);
    if (last.id !== head.id || last.hash !== head.hash) {
      return broken('newest', `the newest event is ${last.id}, and ought to be ${head.id}`, last.id, head.id);
    }
    if (known && !isKnownFound) return broken('unknown-event', `there is no event ${known.id}`, known.id);
    const events = first ? last.id - first.id + 1 : 0;
    return { intact: true, events, first: first?.id ?? 0, last: { id: last.id, hash: last.hash } };
  });
}

/** Whether an event says that all events before `first` have expired. */
function endsBefore({ after }: RecordedEvent, first: RecordedEvent): boolean {
  const { through, hash } = JSON.parse(after ?? '{}') as { through?: number; hash?: string };
  return through === first.id - 1 && hash === first.prevHash;
}
