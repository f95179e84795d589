import type { Database, Statement } from '../database/database.js';
import { clampToStorable, isStorableId } from '../database/ids.js';
import { erasedSoFar, type HistoryReplica, type Position, withPosition } from './history-replica.js';

/** A conversation as one of its users sees it. */
export interface SessionKey {
  userId: number;
  isGroup: boolean;
  /** the other user, or the group */
  sessionId: number;
}

export interface MessageRow {
  id: number;
  from_id: number;
  /** unix seconds */
  create_time: number;
  type: number;
  data: Buffer;
}

/** A message with its trace id. */
export interface StoredMessageRow extends MessageRow {
  origin_instance: number;
  origin_request_id: number;
}

/** Most bytes of message data in one reply; the newest message (of a range, the first) is always included. */
const maxAnswerBytes = 16 * 1024 * 1024;

const columns =
  'm.id, m.from_id, floor(extract(epoch FROM m.created_at))::float8 AS create_time, m.type, m.data';

/** `conv` of the pair of users $1 and $2, in SQL. */
export const pair = '((least($1::int8, $2::int8) << 32) | greatest($1::int8, $2::int8))';

/** Reads of a pair need no permission check: its key contains the user's own id. */
const ofPair = `message m WHERE m.conv = ${pair}`;

/** Members of a group see only messages after they joined. */
const ofGroup = `group_member g JOIN message m ON m.conv = g.group_id AND m.id > g.join_msg_id
  WHERE g.user_id = $1::int8 AND g.group_id = $2::int8`;

/** Limits a select to the first rows, in this order, whose data fits `bytes`. */
function withinBytes(select: string, order: string, bytes = `${maxAnswerBytes}`): string {
  return `
    SELECT * FROM (
      SELECT p.*, sum(octet_length(data)) OVER (ORDER BY id ${order}) AS bytes,
        row_number() OVER (ORDER BY id ${order}) AS place
      FROM (${select}) p
    ) q WHERE bytes <= ${bytes} OR place = 1 ORDER BY id ${order}`;
}

function historyOf(from: string): string {
  return withinBytes(
    `SELECT ${columns} FROM ${from} AND m.id <= $3 ORDER BY m.id DESC LIMIT $4`,
    'DESC',
    '$5::int8',
  );
}

function byIdsOf(from: string): string {
  return withinBytes(`SELECT ${columns} FROM ${from} AND m.id = ANY ($3::int4[])`, 'DESC');
}

const store = `(SELECT epoch::float8 FROM store_epoch) AS epoch, (${erasedSoFar}) AS erased`;

const statements = {
  pairHistory: { name: 'pair_history', text: historyOf(ofPair) },
  groupHistory: { name: 'group_history', text: historyOf(ofGroup) },
  pairMessages: { name: 'pair_messages', text: byIdsOf(ofPair) },
  groupMessages: { name: 'group_messages', text: byIdsOf(ofGroup) },
  pairLatestId: {
    name: 'pair_latest_id',
    text: `SELECT last_id FROM conversation WHERE conv = ${pair} AND last_id >= kept_from`,
  },
  groupLatestId: {
    name: 'group_latest_id',
    text: `SELECT c.last_id FROM group_member g JOIN conversation c ON c.conv = g.group_id
      WHERE g.user_id = $1::int8 AND g.group_id = $2::int8 AND c.last_id > g.join_msg_id AND c.last_id >= c.kept_from`,
  },
  pairPosition: {
    name: 'pair_position',
    text: `SELECT last_id, kept_from - 1 AS after_id, ${store} FROM conversation WHERE conv = ${pair}`,
  },
  groupPosition: {
    name: 'group_position',
    text: `SELECT c.last_id, greatest(g.join_msg_id, c.kept_from - 1) AS after_id, ${store} FROM group_member g JOIN conversation c ON c.conv = g.group_id
      WHERE g.user_id = $1::int8 AND g.group_id = $2::int8`,
  },
  // $1 and $2 are the pair, or 0 and the group id. The primary has already checked that the reader may see it.
  replicaHistory: {
    name: 'replica_history',
    text: withPosition(historyOf(`${ofPair} AND m.id > $6::int4`), pair),
  },
  replicaMessages: {
    name: 'replica_messages',
    text: withPosition(byIdsOf(`${ofPair} AND m.id > $4::int4`), pair),
  },
  storedRange: {
    name: 'stored_range',
    // $1 and $2 are the pair, or 0 and the group id, for which the formula gives the group's key.
    text: withinBytes(
      `SELECT ${columns}, ((m.token >> 32) & 4294967295)::float8 AS origin_instance,
        (m.token & 4294967295)::float8 AS origin_request_id
      FROM ${ofPair} AND m.id BETWEEN $3 AND $4 ORDER BY m.id LIMIT $5`,
      'ASC',
    ),
  },
} satisfies Record<string, Statement>;

/** Reads of stored messages. */
export class Messages {
  readonly #database: Database;
  readonly #replica: HistoryReplica;

  /** @param replica answers reads of history instead of the database when it has replayed everything the reader may have seen */
  constructor(database: Database, replica: HistoryReplica) {
    this.#database = database;
    this.#replica = replica;
  }

  /**
   * Messages up to an id that the user may see, newest first.
   * @param begin message id; may be larger than the newest
   * @param bytes most bytes of message data, if there is more than one message; 0: the limit of a reply
   */
  async history(session: SessionKey, begin: number, count: number, bytes = 0): Promise<MessageRow[]> {
    if (!isPossible(session) || count === 0) return [];
    const page = [clampToStorable(begin), count, Math.min(bytes || maxAnswerBytes, maxAnswerBytes)];
    const statement = session.isGroup ? statements.groupHistory : statements.pairHistory;
    return (
      (await this.#readReplica(statements.replicaHistory, session, page)) ??
      this.#read(statement, session, page)
    );
  }

  /** The messages with these ids that exist and that the user may see, newest first. */
  async byIds(session: SessionKey, ids: readonly number[]): Promise<MessageRow[]> {
    if (!isPossible(session)) return [];
    const wanted = [ids.filter(isStorableId)];
    const statement = session.isGroup ? statements.groupMessages : statements.pairMessages;
    return (
      (await this.#readReplica(statements.replicaMessages, session, wanted)) ??
      this.#read(statement, session, wanted)
    );
  }

  /** The newest id that the user may see; 0 when there is none. */
  async latestId(session: SessionKey): Promise<number> {
    if (!isPossible(session)) return 0;
    const [row] = await this.#database.query<{ last_id: number }>(
      session.isGroup ? statements.groupLatestId : statements.pairLatestId,
      [session.userId, session.sessionId],
    );
    return row?.last_id ?? 0;
  }

  /**
   * Consecutive messages of one conversation, ascending, without a permission check.
   * @param count most messages; fewer are returned when they are large
   */
  async range(session: SessionKey, first: number, last: number, count: number): Promise<StoredMessageRow[]> {
    if (!isPossible({ ...session, userId: session.isGroup ? session.sessionId : session.userId })) return [];
    return this.#database.query<StoredMessageRow>(statements.storedRange, [
      session.isGroup ? 0 : session.userId,
      session.sessionId,
      clampToStorable(first),
      clampToStorable(last),
      count,
    ]);
  }

  #read(
    statement: Statement,
    { userId, sessionId }: SessionKey,
    rest: readonly unknown[],
  ): Promise<MessageRow[]> {
    return this.#database.query<MessageRow>(statement, [userId, sessionId, ...rest]);
  }

  /** @returns undefined when the database has to answer */
  async #readReplica(
    statement: Statement,
    { userId, isGroup, sessionId }: SessionKey,
    rest: readonly unknown[],
  ): Promise<MessageRow[] | undefined> {
    if (!this.#replica.ready()) return undefined;
    const [position] = await this.#database.query<Position>(
      isGroup ? statements.groupPosition : statements.pairPosition,
      [userId, sessionId],
    );
    if (!position) return undefined;
    const values = [isGroup ? 0 : userId, sessionId, ...rest, position.after_id];
    return this.#replica.read<MessageRow>(statement, values, position);
  }
}

/** Whether the ids fit the database and name two different users or a group. */
export function isPossible({ userId, isGroup, sessionId }: SessionKey): boolean {
  return isStorableId(userId) && isStorableId(sessionId) && (isGroup || userId !== sessionId);
}
