import type { traceApi } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { sessionKey } from '../messages/session-key.js';
import type { MessagePlace } from './message-ways.js';

type Request = traceApi.trace.FindMessageRequest;
type Way = traceApi.trace.MessageWay.$Properties;

const single = 1;
const group = 2;

/** Traces.FindMessage: what the store knows of one message, by its place or by its trace id. */
export function findMessage({ kit, messageWays }: Context): (request: Request) => Promise<Way> {
  const placeOf = async (request: Request): Promise<MessagePlace | undefined> => {
    const { originInstance, originTicket, msgId } = request;
    if (request.sessionType === 0) {
      if (originTicket === 0) throw new TeamTalkError('invalid-argument', 'neither a place nor a trace id');
      return messageWays.findAnywhere(originInstance, originTicket, request.withinSeconds);
    }
    const { userId, isGroup, sessionId } = sessionKey(request);
    const low = isGroup ? 0 : Math.min(userId, sessionId);
    const high = isGroup ? sessionId : Math.max(userId, sessionId);
    if (msgId > 0) return { low, high, msgId };
    const found = await messageWays.findIn(low, high, originInstance, originTicket);
    return found === undefined ? undefined : { low, high, msgId: found };
  };

  return async (request) => {
    const place = await placeOf(request);
    const facts = place && (await messageWays.facts(place));
    if (!facts) return { found: false, answeredBy: kit.instance };
    const [batch, participants] = await Promise.all([
      messageWays.openBatch(place, facts.created_at),
      messageWays.participants(place),
    ]);
    return {
      found: true,
      sessionType: place.low === 0 ? group : single,
      low: place.low,
      high: place.high,
      msgId: place.msgId,
      originInstance: facts.origin_instance,
      originTicket: facts.origin_ticket,
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
