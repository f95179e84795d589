import type { BatchPlan } from '../batch-plan.js';
import { encodeMessagePdu } from '../message-pdu.js';
import type { ForeignUndelivered, StoredBatch, StoredMessage } from '../stored-batch.js';
import type { AppendRow } from './append-statement.js';

/** The stored messages of a batch in the form receivers get them; undefined: none was stored. */
export function storedBatch(plan: BatchPlan, row: AppendRow): StoredBatch | undefined {
  if (!row.outbox_id) return undefined;
  const messages = storedMessages(plan, row);
  if (messages.length === 0) return undefined;
  return {
    outboxId: row.outbox_id,
    messages,
    foreignUndelivered: row.open_from ? foreignUndelivered(plan, row) : [],
  };
}

function foreignUndelivered(
  { conversations }: BatchPlan,
  { bases, open_from }: AppendRow,
): ForeignUndelivered[] {
  return conversations.flatMap(({ low, high }, i) => {
    const [lowest, base] = [open_from?.[i] ?? null, bases?.[i] ?? null];
    return lowest === null || base === null ? [] : [{ low, high, lowest, before: base + 1 }];
  });
}

function storedMessages(
  { messages }: BatchPlan,
  { bases, stored_at, group_versions }: AppendRow,
): StoredMessage[] {
  if (!bases || !stored_at) return [];
  const createTime = Math.floor(stored_at.getTime() / 1000);
  const stored: StoredMessage[] = [];
  for (const { entry, part, rank } of messages) {
    const base = bases[part.index];
    if (base === null || base === undefined) continue;
    const { isGroup, fromUserId, toSessionId, msgType, msgData } = entry;
    const msgId = base + rank;
    stored.push({
      isGroup,
      fromUserId,
      toSessionId,
      msgId,
      pdu: encodeMessagePdu({ fromUserId, toSessionId, msgId, createTime, msgType, msgData }),
      originInstance: entry.originInstance,
      originRequestId: entry.originRequestId,
      originConnection: entry.originConnection,
      receivedAt: entry.receivedAt,
      groupVersion: group_versions?.[part.index] ?? 0,
    });
  }
  return stored;
}
