import { TeamTalkError } from '@teamtalk/service-kit';
import type { Database, Statement } from '../database/database.js';

/** A message of the push service. */
export interface KeptMessage {
  id: number;
  mailbox: Buffer;
  body: Buffer;
  /** unix milliseconds */
  kept_at: number;
}

export interface MailboxPosition {
  mailbox: Uint8Array;
  /** unix milliseconds */
  since: number;
  /** whether the phone has received all earlier messages */
  received: boolean;
}

export interface MessageToKeep {
  mailbox: Uint8Array;
  /** empty: none */
  topic: string;
  body: Uint8Array;
  /** seconds */
  ttl: number;
}

/** Largest message that push services must accept (RFC 8030), bytes. */
const maxBody = 4_096;
const mailboxBytes = 32;
const topicForm = /^[-_A-Za-z0-9]{0,32}$/;
const maxTtl = 86_400;
/** Most messages in a mailbox; a new one replaces the oldest. */
const maxMessages = 100;
/** Most messages, and most mailboxes, per call. */
const maxRead = 500;
/** Latest time that PostgreSQL accepts, unix milliseconds. */
const maxTime = 1e14;
/** Days without a reader after which a mailbox accepts no more messages, and after which it is removed. */
const daysUnread = { gone: 30, removed: 60 };

// Senders to the same mailbox wait for each other; readers never wait.
const keep: Statement = {
  name: 'push_keep_message_2',
  text: `
    WITH box AS (
      INSERT INTO push_mailbox AS b (id) VALUES ($1)
      ON CONFLICT (id) DO UPDATE SET read_at = b.read_at
      RETURNING b.read_at > now() - interval '${daysUnread.gone} days' AS alive
    ), dropped AS (
      DELETE FROM push_message m WHERE m.id IN (
        SELECT o.id FROM push_message o WHERE o.mailbox = $1 AND ($2::text IS NULL OR o.topic IS DISTINCT FROM $2)
        ORDER BY o.kept_at DESC OFFSET ${maxMessages - 1} FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO push_message AS m (mailbox, topic, body, expires_at)
      SELECT $1, $2, $3, now() + $4::float8 * interval '1 s' FROM box WHERE alive
      ON CONFLICT (mailbox, topic) DO UPDATE SET
        id = excluded.id, body = excluded.body, kept_at = excluded.kept_at, expires_at = excluded.expires_at
      RETURNING m.id::float8 AS id, extract(epoch FROM m.kept_at)::float8 * 1000 AS kept_at`,
};

const read: Statement = {
  name: 'push_read_mailboxes',
  text: `
    WITH asked AS (
      SELECT a.mailbox, to_timestamp(a.since / 1000) AS since, a.received
      FROM unnest($1::bytea[], $2::float8[], $3::bool[]) AS a(mailbox, since, received)
    ), seen AS (
      UPDATE push_mailbox SET read_at = now() WHERE id IN (
        SELECT b.id FROM push_mailbox b JOIN asked a ON a.mailbox = b.id WHERE b.read_at < now() - interval '1 hour'
        FOR NO KEY UPDATE OF b SKIP LOCKED)
    ), received AS (
      DELETE FROM push_message WHERE id IN (
        SELECT m.id FROM push_message m JOIN asked a ON a.received AND a.mailbox = m.mailbox AND m.kept_at <= a.since
        FOR UPDATE OF m SKIP LOCKED)
    )
    SELECT m.id::float8 AS id, m.mailbox, m.body, extract(epoch FROM m.kept_at)::float8 * 1000 AS kept_at
      FROM asked a JOIN push_message m ON m.mailbox = a.mailbox AND m.kept_at > a.since
      WHERE m.expires_at > now() ORDER BY m.kept_at, m.id LIMIT ${maxRead}`,
};

/** Statements that remove expired messages and mailboxes. */
export const mailboxPurges: readonly Statement[] = [
  {
    name: 'push_purge_messages',
    text: `
      DELETE FROM push_message WHERE id IN (
        SELECT id FROM push_message WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)
      RETURNING id`,
  },
  {
    name: 'push_purge_mailboxes',
    text: `
      DELETE FROM push_mailbox WHERE id IN (
        SELECT id FROM push_mailbox WHERE read_at < now() - interval '${daysUnread.removed} days'
        LIMIT $1 FOR UPDATE SKIP LOCKED)
      RETURNING id`,
  },
];

/** Messages that push_server's own push service stores for phones. */
export class PushMailboxes {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @returns undefined when no phone has read the mailbox for 30 days */
  async keep({
    mailbox,
    topic,
    body,
    ttl,
  }: MessageToKeep): Promise<Omit<KeptMessage, 'mailbox' | 'body'> | undefined> {
    if (mailbox.length !== mailboxBytes || body.length > maxBody || !topicForm.test(topic)) {
      throw new TeamTalkError('invalid-argument', 'the message, its topic or its mailbox has a wrong length');
    }
    const values = [Buffer.from(mailbox), topic || null, Buffer.from(body), Math.min(ttl, maxTtl)];
    const [kept] = await this.#database.query<KeptMessage>(keep, values);
    return kept;
  }

  /** @returns at most 500 messages, oldest first, and whether there are more */
  async read(positions: readonly MailboxPosition[]): Promise<{ messages: KeptMessage[]; more: boolean }> {
    if (positions.length > maxRead) {
      throw new TeamTalkError('invalid-argument', `at most ${maxRead} mailboxes can be read at once`);
    }
    const messages = await this.#database.query<KeptMessage>(read, [
      positions.map(({ mailbox }) => Buffer.from(mailbox)),
      positions.map(({ since }) => (since > 0 ? Math.min(since, maxTime) : 0)),
      positions.map(({ received }) => received),
    ]);
    return { messages, more: messages.length === maxRead };
  }
}
