import { createHash } from 'node:crypto';
import {
  Commands,
  decodeBody,
  encodePdu,
  isAudioMessageType,
  isGroupMessageType,
  type MessageOf,
  MsgType,
  sessionTypeOf,
} from '@teamtalk/protocol';
import { type AppendResult, conversationKey, type SentEntry, teamtalk } from '@teamtalk/rpc';
import { isTraced, receivedNow, recordSent, traceId } from '@teamtalk/service-kit';
import { AppendBackpressure } from '../../backpressure/append-backpressure.js';
import { SendRateLimiter } from '../../backpressure/send-rate-limiter.js';
import type { Connection } from '../../connection/connection.js';
import { fingerprintOf, SendDeduplicator } from '../../connection/send-deduplicator.js';
import type { Context } from '../../context.js';
import type { DropReason } from '../../metrics.js';
import type { Handler } from './handler.js';

type Message = MessageOf<typeof Commands.MsgData>;

const { APPEND_STORED, APPEND_UNKNOWN_RECEIVER, APPEND_NOT_A_MEMBER, APPEND_INVALID, APPEND_UNAVAILABLE } =
  teamtalk.db.AppendStatus;

/** Bytes of the duration at the start of an audio message (client-behaviour.md#sending). */
const audioHeaderBytes = 4;
/** Bytes of a client key above which its hash is used instead. */
const maxKeyBytes = 64;
const noKey = new Uint8Array(0);

/**
 * 0x0301: passes a message to the store and acknowledges it with 0x0302 once it is stored. Messages of one connection
 * are pipelined. A message that is not stored gets no ack (client-behaviour.md#sending).
 */
export function sendMessage(context: Context): Handler {
  const { appender, config, debug, kit, metrics, senderCache } = context;
  const { instance, tracing } = kit;
  const { inFlight, messageBytes } = config.limits;
  const backpressure = new AppendBackpressure<Connection>(() => appender.full);
  const rateLimiter = new SendRateLimiter(context);

  /** Whether the connection has to wait before its next message is handled. */
  const mustWait = (connection: Connection, now: number): boolean => {
    if (connection.pendingWrites >= inFlight) return true;
    return backpressure.blocks(connection) || rateLimiter.throttles(connection, now);
  };

  /**
   * Recognises a resent message. It gets the ack of the first one, now or once that is stored. If the outcome of the
   * first one is in doubt, it is retried under the same request id, by which the store recognises it.
   * @returns `known` when there is nothing more to do, the entry to retry, or undefined for a new message
   */
  const findRetry = (
    connection: Connection,
    seqNum: number,
    message: Message,
    fingerprint: number,
    now: number,
  ): 'known' | SentEntry | undefined => {
    const { toSessionId } = message;
    const earlier = connection.sendDeduplicator?.find(seqNum, toSessionId, fingerprint, now);
    if (!earlier) return undefined;
    if (earlier.inDoubt) return earlier.inDoubt;
    metrics.dropped(connection, 'repetition');
    if (earlier.msgId > 0) connection.write(ackOf(connection, message, earlier.msgId, seqNum));
    return 'known';
  };

  return (connection, pdu) => {
    const now = performance.now();
    if (mustWait(connection, now)) return false;
    const message = decodeBody(Commands.MsgData, pdu.body);
    rateLimiter.count(connection, now);
    const reason = refusal(connection, message, messageBytes);
    if (reason) {
      metrics.dropped(connection, reason);
      return true;
    }
    const { seqNum } = pdu;
    const { toSessionId, msgType, msgData } = message;
    // seq_num 0 means that the client does not number its PDUs, so it cannot identify a resent message.
    const fingerprint = seqNum === 0 ? 0 : fingerprintOf(msgType, msgData);
    const retry = seqNum === 0 ? undefined : findRetry(connection, seqNum, message, fingerprint, now);
    if (retry === 'known') return true;
    metrics.messages.value++;
    connection.pendingWrites++;
    const sent = appender.send(
      {
        requestId: 0,
        fromUserId: connection.userId,
        toSessionId,
        msgType,
        msgData,
        clientKey: clientKeyOf(message),
        connectionId: connection.id,
        receivedAt: receivedNow(),
      },
      conversationKey(isGroupMessageType(msgType), connection.userId, toSessionId),
      (result) => {
        const then = performance.now();
        metrics.appendSeconds.observe((then - now) / 1000);
        const msgId = result?.status === APPEND_STORED ? result.msgId : 0;
        const known = result !== undefined && result.status !== APPEND_UNAVAILABLE;
        if (seqNum !== 0) {
          connection.sendDeduplicator?.settle(
            seqNum,
            toSessionId,
            fingerprint,
            known ? msgId : undefined,
            then,
          );
        }
        if (msgId > 0) {
          metrics.acked.value++;
          connection.write(ackOf(connection, message, msgId, seqNum));
        } else {
          metrics.dropped(connection, dropReasonOf(result));
        }
        if (debug) {
          const trace = traceId(kit.instance, sent.requestId);
          kit.log.debug({ trace, msgId, status: result?.status ?? 'none' }, 'message result received');
        }
        if (tracing && isTraced(instance, sent.requestId)) {
          const isGroup = isGroupMessageType(msgType);
          const error = msgId > 0 ? undefined : dropReasonOf(result);
          const fromUserId = connection.userId;
          const { requestId } = sent;
          const message = { instance, requestId, fromUserId, toSessionId, isGroup, msgType, msgId };
          recordSent(tracing, { ...message, begin: now, error, isRetry: retry !== undefined });
        }
        connection.writeDone();
        backpressure.freed();
      },
      retry,
      tracing?.samplesMessage(),
    );
    const { requestId } = sent;
    if (seqNum !== 0) {
      connection.sendDeduplicator ??= new SendDeduplicator();
      connection.sendDeduplicator.add(seqNum, toSessionId, fingerprint, now, sent);
    }
    senderCache.add(requestId, connection.id);
    if (debug) {
      const trace = traceId(kit.instance, requestId);
      kit.log.debug({ trace, from: connection.userId, to: toSessionId, msgType, seqNum }, 'message accepted');
    }
    return true;
  };
}

function refusal(connection: Connection, message: Message, maxBytes: number): DropReason | undefined {
  const { msgType, msgData, toSessionId } = message;
  if (msgType === MsgType.PUSH_NOTICE) return 'wrong-type';
  if (msgData.length === 0) return 'empty';
  if (isAudioMessageType(msgType) && msgData.length <= audioHeaderBytes) return 'empty';
  if (msgData.length > maxBytes) return 'too-large';
  if (toSessionId === 0) return 'no-receiver';
  if (toSessionId === connection.userId && !isGroupMessageType(msgType)) return 'to-oneself';
  return undefined;
}

function clientKeyOf(message: Message): Uint8Array {
  if (!Object.hasOwn(message, 'attachData')) return noKey;
  const key = message.attachData;
  return key.length > maxKeyBytes ? createHash('sha256').update(key).digest() : key;
}

function dropReasonOf(result: AppendResult | undefined): DropReason {
  switch (result?.status) {
    case undefined:
      return 'no-result';
    case APPEND_UNKNOWN_RECEIVER:
      return 'unknown-receiver';
    case APPEND_NOT_A_MEMBER:
      return 'not-a-member';
    case APPEND_INVALID:
      return 'invalid';
    default:
      return 'store-unavailable';
  }
}

function ackOf(
  connection: Connection,
  { toSessionId, msgType }: Message,
  msgId: number,
  seqNum: number,
): Buffer {
  return encodePdu(
    Commands.MsgDataAck,
    { userId: connection.userId, sessionId: toSessionId, msgId, sessionType: sessionTypeOf(msgType) },
    seqNum,
  );
}
