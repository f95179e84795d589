import { teamtalk } from '../../gen/outbox.js';
import type { BatchPlan } from './batch-plan.js';

const { OutboxPayload } = teamtalk.outbox;

/** A message of an outbox row, without its content. */
export interface OutboxMessage {
  readonly isGroup: boolean;
  readonly low: number;
  readonly high: number;
  readonly fromUserId: number;
  readonly toSessionId: number;
  readonly msgId: number;
  readonly originInstance: number;
  readonly originRequestId: number;
  readonly originConnection: number;
  readonly receivedAt: number;
}

export function encodeOutboxPayload({ conversations, messages }: BatchPlan): Buffer {
  return OutboxPayload.encode({
    low: conversations.map((conversation) => conversation.low),
    high: conversations.map((conversation) => conversation.high),
    entries: messages.map(({ entry, part, rank }) => ({
      conversation: part.index,
      rank,
      fromUserId: entry.fromUserId,
      originInstance: entry.originInstance,
      originRequestId: entry.originRequestId,
      originConnection: entry.originConnection,
      receivedAt: entry.receivedAt,
    })),
  }).finish() as Buffer;
}

/** @param bases of the conversations; null: no message of that conversation was stored */
export function decodeOutboxPayload(payload: Uint8Array, bases: readonly (number | null)[]): OutboxMessage[] {
  const { low, high, entries } = OutboxPayload.decode(payload);
  const messages: OutboxMessage[] = [];
  for (const entry of entries ?? []) {
    const conversation = entry.conversation ?? 0;
    const base = bases[conversation];
    if (base === null || base === undefined) continue;
    const lowId = low?.[conversation] ?? 0;
    const highId = high?.[conversation] ?? 0;
    const fromUserId = entry.fromUserId ?? 0;
    messages.push({
      isGroup: lowId === 0,
      low: lowId,
      high: highId,
      fromUserId,
      toSessionId: lowId === 0 || fromUserId === lowId ? highId : lowId,
      msgId: base + (entry.rank ?? 0),
      originInstance: entry.originInstance ?? 0,
      originRequestId: entry.originRequestId ?? 0,
      originConnection: entry.originConnection ?? 0,
      receivedAt: entry.receivedAt ?? 0,
    });
  }
  return messages;
}
