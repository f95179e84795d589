import type { RpcStream, teamtalk } from '@teamtalk/rpc';
import type { ReadMarkWriter } from '../append/read-marker.js';

/** SessionType of the client protocol: 2 is a group. */
const SESSION_TYPE_GROUP = 2;

/** Messages.MarkRead: moves read positions; results leave in one frame for all that were stored together. */
export function markRead(writer: ReadMarkWriter) {
  return (stream: RpcStream<teamtalk.db.ReadFrame, teamtalk.db.ReadResults.$Properties>): void => {
    let results: teamtalk.db.ReadResult.$Properties[] = [];
    const flush = () => {
      const frame = results;
      results = [];
      stream.write({ results: frame });
    };
    stream.onData((frame) => {
      for (const entry of frame.entries ?? []) {
        writer.mark({
          userId: entry.userId ?? 0,
          isGroup: entry.sessionType === SESSION_TYPE_GROUP,
          sessionId: entry.sessionId ?? 0,
          msgId: entry.msgId ?? 0,
          done: (msgId) => {
            if (results.length === 0) process.nextTick(flush);
            results.push({ ticket: entry.ticket ?? 0, msgId });
          },
        });
      }
    });
  };
}
