import type { traceApi } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { sessionKey } from '../messages/session-key.js';
import type { MessagePlace } from './message-traces.js';

type Request = traceApi.trace.FindMessageRequest;
type Way = traceApi.trace.MessageTrace.$Properties;

const single = 1;
const group = 2;

/** Traces.FindMessage: what the store knows of one message, by conversation and id or by trace id. */
export function findMessage({ kit, messageTraces }: Context): (request: Request) => Promise<Way> {
  const placeOf = async (request: Request): Promise<MessagePlace | undefined> => {
    const { originInstance, originRequestId, msgId } = request;
    if (request.sessionType === 0) {
      if (originRequestId === 0)
        throw new TeamTalkError('invalid-argument', 'neither a place nor a trace id');
      return messageTraces.findAnywhere(originInstance, originRequestId, request.withinSeconds);
    }
    const { userId, isGroup, sessionId } = sessionKey(request);
    const low = isGroup ? 0 : Math.min(userId, sessionId);
    const high = isGroup ? sessionId : Math.max(userId, sessionId);
    if (msgId > 0) return { low, high, msgId };
    const found = await messageTraces.findIn(low, high, originInstance, originRequestId);
    return found === undefined ? undefined : { low, high, msgId: found };
  };

  return async (request) => {
    const place = await placeOf(request);
    const facts = place && (await messageTraces.facts(place));
    if (!facts) return { found: false, answeredBy: kit.instance };
    const [batch, participants] = await Promise.all([
      messageTraces.openBatch(place, facts.created_at),
      messageTraces.participants(place),
    ]);
    return {
      found: true,
      sessionType: place.low === 0 ? group : single,
      low: place.low,
      high: place.high,
      msgId: place.msgId,
      originInstance: facts.origin_instance,
      originRequestId: facts.origin_request_id,
      fromUserId: facts.from_id,
      msgType: facts.type,
      bytes: facts.bytes,
      createdAt: facts.created_at,
      outboxId: batch?.id ?? 0,
      outboxOwner: batch?.owner ?? 0,
      lastMsgId: facts.last_id,
      participants: participants.map(({ user_id, name, read_id }) => ({
        userId: user_id,
        name,
        readMsgId: read_id,
      })),
      participantCount: participants[0]?.total ?? 0,
      answeredBy: kit.instance,
    };
  };
}
