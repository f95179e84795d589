import type { StoredBatch, StoredMessage } from '../messages/stored-batch.js';

/** A committed message, for tests of later stages. */
export function storedMessage(given: Partial<StoredMessage> = {}): StoredMessage {
  return {
    isGroup: false,
    fromUserId: 1,
    toSessionId: 2,
    msgId: 1,
    pdu: Buffer.from('pdu'),
    originInstance: 1,
    originRequestId: 1,
    originConnection: 0,
    receivedAt: 0,
    groupVersion: given.isGroup ? 1 : 0,
    ...given,
  };
}

/** A committed batch, without undelivered messages of other replicas. */
export function batchOf(outboxId: string, ...messages: StoredMessage[]): StoredBatch {
  return { outboxId, messages, foreignUndelivered: [] };
}
