import { TeamTalkError } from '@teamtalk/service-kit';
import type { PoolClient } from 'pg';
import type { Statement } from '../../database/database.js';
import type { BatchPlan, PlannedMessage } from '../batch-plan.js';
import { byteaArray, int2Array, int4Array, int8Array } from '../binary-array.js';
import { encodeOutboxPayload } from '../payload.js';
import type { WriterEpoch } from './writer-epoch.js';

/** What `append_messages` returns; the indexes of messages count from 1. */
export interface AppendRow {
  bases: (number | null)[] | null;
  stored_at: Date | null;
  outbox_id: string | null;
  group_versions: (number | null)[] | null;
  refused: number[] | null;
  known: number[] | null;
  known_id: number[] | null;
  /** retries for which it cannot be determined whether they are stored */
  too_far: number[] | null;
  /**
   * by conversation last written by another writer: its lowest undelivered message; null: no such message in this
   * conversation, or in any of the batch
   */
  open_from: (number | null)[] | null;
}

const parameters = '$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19';
const append: Statement = {
  name: 'append_messages',
  text: `SELECT * FROM append_messages(${parameters})`,
};
const appendMarked: Statement = {
  name: 'append_messages_marked',
  text: `SELECT * FROM append_messages_marked(${parameters})`,
};

/**
 * Calls the SQL function `append_messages`, which the newest `sql/append_messages.v*.sql` describes.
 * @param writer the epoch to leave at the conversations
 * @param delivered outbox rows to delete in the same transaction, int8 as text
 * @param marked for push, too
 * @throws the error of pg; the batch may be stored nevertheless when the reply was lost
 */
export async function callAppendMessages(
  client: PoolClient,
  plan: BatchPlan,
  owner: number,
  writer: WriterEpoch,
  delivered: string[],
  marked: boolean,
): Promise<AppendRow> {
  const { conversations, messages } = plan;
  const groups: number[] = [];
  const keyed: number[] = [];
  const retried: number[] = [];
  messages.forEach(({ entry }, i) => {
    if (entry.isGroup) groups.push(i + 1);
    if (entry.key) keyed.push(i + 1);
    if (entry.retry) retried.push(i + 1);
  });
  const result = await client.query<AppendRow>({
    ...(marked ? appendMarked : append),
    values: [
      int8Array(
        conversations,
        (c) => c.low,
        (c) => c.high,
      ),
      int4Array(conversations, (c) => c.count),
      int4Array(conversations, (c) => c.fromLow),
      int4Array(messages, (m) => m.part.index + 1),
      int4Array(messages, (m) => m.rank),
      int4Array(messages, (m) => m.entry.fromUserId),
      int4Array(messages, (m) => m.senderRank),
      int2Array(messages, (m) => m.entry.msgType),
      int8Array(
        messages,
        (m) => m.entry.originInstance,
        (m) => m.entry.originRequestId,
      ),
      byteaArray(messages, (m) => m.entry.msgData),
      int4Array(groups, (i) => i),
      int4Array(keyed, (i) => i),
      byteaArray(keyed, (i) => (messages[i - 1] as PlannedMessage).entry.key as Uint8Array),
      int4Array(retried, (i) => i),
      owner,
      encodeOutboxPayload(plan),
      delivered,
      writer.value,
      int8Array(
        retried,
        () => 0,
        (i) => (messages[i - 1] as PlannedMessage).entry.horizon,
      ),
    ],
  });
  const row = result.rows[0];
  if (!row) throw new TeamTalkError('internal', 'append_messages returned nothing');
  return row;
}
