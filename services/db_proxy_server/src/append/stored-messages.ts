import type { StoredMessage } from '../outbox/stored-batch.js';
import type { AppendRow } from './append-statement.js';
import type { BatchPlan } from './batch-plan.js';
import { encodeMessagePdu } from './message-pdu.js';

/** What a batch has brought into the store, as its receivers get it. */
export function storedMessages(
  { messages }: BatchPlan,
  { bases, stored_at, group_versions }: AppendRow,
): StoredMessage[] {
  if (!bases || !stored_at) return [];
  const createTime = Math.floor(stored_at.getTime() / 1000);
  const stored: StoredMessage[] = [];
  for (const { entry, conversation, rank } of messages) {
    const base = bases[conversation];
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
      originTicket: entry.originTicket,
      originConnection: entry.originConnection,
      groupVersion: group_versions?.[conversation] ?? 0,
    });
  }
  return stored;
}
