import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { decodeOutboxPayload } from '../messages/payload.js';

/** Address of a message: its conversation's key in two halves (0 and the group, or both users) and its id. */
export interface MessagePlace {
  low: number;
  high: number;
  msgId: number;
}

export interface MessageFacts {
  origin_instance: number;
  origin_request_id: number;
  from_id: number;
  type: number;
  bytes: number;
  /** unix milliseconds */
  created_at: number;
  last_id: number;
}

export interface ParticipantRow {
  user_id: number;
  name: string;
  read_id: number;
  /** total number */
  total: number;
}

/** Most conversations a search covers, those with the newest messages first. */
const maxConversations = 20_000;
const maxMessagesEach = 200;
/** Most messages of one conversation searched for a trace id, newest first. */
const maxMessages = 100_000;
const maxParticipants = 200;
/** Most outbox rows that may contain a message; they are written in its transaction. */
const maxOutboxRows = 1_000;

const conv = '($1::int8 << 32 | $2::int8)';

const facts: Statement = {
  name: 'way_facts',
  text: `
    SELECT ((m.token >> 32) & 4294967295)::float8 AS origin_instance, (m.token & 4294967295)::float8 AS origin_request_id,
      m.from_id, m.type, octet_length(m.data) AS bytes,
      (extract(epoch FROM m.created_at) * 1000)::float8 AS created_at, c.last_id
    FROM message m JOIN conversation c ON c.conv = m.conv WHERE m.conv = ${conv} AND m.id = $3`,
};

const inConversation: Statement = {
  name: 'way_in_conversation',
  text: `
    SELECT id FROM (
      SELECT id, token FROM message WHERE conv = ${conv} ORDER BY id DESC LIMIT ${maxMessages}
    ) m
    WHERE token = ($3::int8 << 32 | $4::int8) LIMIT 1`,
};

/** The inner LIMIT keeps the planner from a sequential scan of the table. */
const anywhere: Statement = {
  name: 'way_anywhere',
  text: `
    SELECT (m.conv >> 32)::int4 AS low, (m.conv & 4294967295)::int4 AS high, m.id
    FROM (
      SELECT conv FROM conversation WHERE last_at >= clock_timestamp() - make_interval(secs => $3)
      ORDER BY last_at DESC LIMIT ${maxConversations}
    ) c
    CROSS JOIN LATERAL (
      SELECT conv, id, token FROM message WHERE conv = c.conv ORDER BY id DESC LIMIT ${maxMessagesEach}
    ) m
    WHERE m.token = ($1::int8 << 32 | $2::int8) LIMIT 1`,
};

const openBatches: Statement = {
  name: 'way_open_batches',
  text: `
    SELECT id::float8 AS id, owner::float8 AS owner, bases, payload FROM outbox
    WHERE created_at BETWEEN to_timestamp($1::float8 / 1000) - interval '10 seconds' AND to_timestamp($1::float8 / 1000) + interval '10 seconds'
    ORDER BY id LIMIT ${maxOutboxRows}`,
};

const pair: Statement = {
  name: 'way_pair',
  text: `
    SELECT u.id AS user_id, u.name, CASE WHEN u.id = $1 THEN c.low_read ELSE c.high_read END AS read_id, 2 AS total
    FROM conversation c JOIN im_user u ON u.id IN ($1, $2) WHERE c.conv = ${conv} ORDER BY u.id`,
};

const group: Statement = {
  name: 'way_group',
  text: `
    SELECT g.user_id, u.name, g.read_id, (count(*) OVER ())::int4 AS total
    FROM group_member g JOIN im_user u ON u.id = g.user_id
    WHERE g.group_id = $1 AND g.join_msg_id < $2 ORDER BY g.user_id LIMIT ${maxParticipants}`,
};

/** Finds single messages for operators; rare and bounded queries. */
export class MessageTraces {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async facts({ low, high, msgId }: MessagePlace): Promise<MessageFacts | undefined> {
    if (!isPossible(low, high) || !isStorableId(msgId)) return undefined;
    return (await this.#database.query<MessageFacts>(facts, [low, high, msgId]))[0];
  }

  /** The id of a message of one conversation by its trace id, among its newest 100,000. */
  async findIn(low: number, high: number, instance: number, requestId: number): Promise<number | undefined> {
    if (!isPossible(low, high)) return undefined;
    const rows = await this.#database.query<{ id: number }>(inConversation, [low, high, instance, requestId]);
    return rows[0]?.id;
  }

  /**
   * A message by its trace id alone. The id is not indexed, so the search covers only the newest 200 messages of each
   * recently used conversation, and at most 20,000 conversations.
   * @throws TeamTalkError when it takes too long
   */
  async findAnywhere(
    instance: number,
    requestId: number,
    withinSeconds: number,
  ): Promise<MessagePlace | undefined> {
    const rows = await this.#database.query<{ low: number; high: number; id: number }>(anywhere, [
      instance,
      requestId,
      withinSeconds,
    ]);
    return rows[0] && { low: rows[0].low, high: rows[0].high, msgId: rows[0].id };
  }

  /** The outbox row that contains the message; undefined: delivered to all msg_servers concerned. */
  async openBatch(
    { low, high, msgId }: MessagePlace,
    createdAt: number,
  ): Promise<{ id: number; owner: number } | undefined> {
    const rows = await this.#database.query<{
      id: number;
      owner: number;
      bases: (number | null)[];
      payload: Buffer;
    }>(openBatches, [createdAt]);
    return rows.find(({ payload, bases }) =>
      decodeOutboxPayload(payload, bases).some(
        (message) => message.low === low && message.high === high && message.msgId === msgId,
      ),
    );
  }

  /** Users who may see the message; of a group the first 200. */
  participants({ low, high, msgId }: MessagePlace): Promise<ParticipantRow[]> {
    return low === 0
      ? this.#database.query<ParticipantRow>(group, [high, msgId])
      : this.#database.query<ParticipantRow>(pair, [low, high]);
  }
}

function isPossible(low: number, high: number): boolean {
  return (low === 0 || isStorableId(low)) && isStorableId(high) && low !== high;
}
