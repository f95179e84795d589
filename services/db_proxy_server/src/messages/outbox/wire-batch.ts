import type { teamtalk } from '@teamtalk/bus';
import type { MemberLists } from '../group-members.js';
import type { StoredMessage } from '../stored-batch.js';

export type WireMessage = teamtalk.bus.StoredMessage.$Properties;

/** Most bytes of a message in an event besides its PDU, and bytes of a member's id. */
export const fixedBytes = 80;
const memberBytes = 5;

/**
 * A message in the form for route_server.
 * @param outboxId of its batch
 * @param openFrom the lowest undelivered id of its conversation if below its own; otherwise 0
 * @returns undefined for a message to a group without members
 */
export function toWire(
  message: StoredMessage,
  lists: MemberLists,
  outboxId: string,
  openFrom: number,
): WireMessage | undefined {
  const members = message.isGroup ? lists.get(message.toSessionId) : undefined;
  const receivers = members?.receiversOf(message.msgId) ?? [];
  if (message.isGroup && receivers.length === 0) return undefined;
  return {
    sessionType: message.isGroup ? 2 : 1,
    fromUserId: message.fromUserId,
    toSessionId: message.toSessionId,
    msgId: message.msgId,
    pdu: message.pdu,
    originInstance: message.originInstance,
    originRequestId: message.originRequestId,
    originConnection: message.originConnection,
    memberIds: receivers as number[],
    groupVersion: members?.version ?? 0,
    openFrom,
    receivedAt: message.receivedAt,
    outboxId: Number(outboxId),
  };
}

/** Bytes of messages in memory and, without members, in an event. */
export function bytesOf(messages: readonly StoredMessage[]): number {
  let bytes = 0;
  for (const { pdu } of messages) bytes += pdu.length + fixedBytes;
  return bytes;
}

/** Splits messages into events; a message larger than the limit gets an event of its own. */
export function chunks(messages: WireMessage[], maxBytes: number): WireMessage[][] {
  const parts: WireMessage[][] = [];
  let part: WireMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = (message.pdu?.length ?? 0) + memberBytes * (message.memberIds?.length ?? 0) + fixedBytes;
    if (part.length > 0 && bytes + size > maxBytes) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += size;
  }
  parts.push(part);
  return parts;
}
