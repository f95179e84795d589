import { BatchedReplies, type RpcStream, type teamtalk } from '@teamtalk/rpc';
import type { ReadMarkWriter } from './read-marker.js';

/** SessionType of the client protocol: 2 is a group. */
const SESSION_TYPE_GROUP = 2;
/** Pending read marks of one caller; beyond this limit its stream is not read. */
const maxPending = 20_000;

/** Messages.MarkRead: moves read positions; results of one transaction are sent in one frame. */
export function markRead(writer: ReadMarkWriter) {
  return (stream: RpcStream<teamtalk.db.ReadFrame, teamtalk.db.ReadResults.$Properties>): void => {
    const answers = new BatchedReplies<teamtalk.db.ReadResult.$Properties>(stream, maxPending);
    stream.onData((frame) => {
      for (const { requestId = 0, userId, sessionType, sessionId, msgId } of frame.entries ?? []) {
        answers.expect();
        writer.mark({
          userId: userId ?? 0,
          isGroup: sessionType === SESSION_TYPE_GROUP,
          sessionId: sessionId ?? 0,
          msgId: msgId ?? 0,
          done: (position) => answers.answer({ requestId, msgId: position }),
        });
      }
    });
  };
}
