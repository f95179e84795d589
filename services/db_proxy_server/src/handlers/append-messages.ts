import { type RpcStream, teamtalk } from '@teamtalk/rpc';
import { type Caller, entryProblem, toEntry } from '../append/entry.js';
import type { MessageWriter } from '../append/message-writer.js';

const { AppendStatus } = teamtalk.db;

const statusOf = {
  stored: AppendStatus.APPEND_STORED,
  'unknown-receiver': AppendStatus.APPEND_UNKNOWN_RECEIVER,
  'not-a-member': AppendStatus.APPEND_NOT_A_MEMBER,
  unavailable: AppendStatus.APPEND_UNAVAILABLE,
  invalid: AppendStatus.APPEND_INVALID,
} as const;

/** Entries of one caller in the store's hands; beyond it his stream is not read. */
const maxPending = 20_000;

/**
 * Messages.Append: the entries of a stream go into the store's next transaction; results leave in one
 * frame for all that were committed together.
 */
export function appendMessages(writer: MessageWriter) {
  return (stream: RpcStream<teamtalk.db.AppendFrame, teamtalk.db.AppendResults.$Properties>): void => {
    let results: teamtalk.db.AppendResult.$Properties[] = [];
    let pending = 0;
    let paused = false;

    const flush = () => {
      const frame = results;
      results = [];
      stream.write({ results: frame });
    };
    const answer = (ticket: number, status: keyof typeof statusOf, msgId = 0) => {
      if (results.length === 0) process.nextTick(flush);
      results.push({ ticket, status: statusOf[status], msgId });
    };
    const take = (request: teamtalk.db.AppendEntry, originInstance: number) => {
      const problem = entryProblem(request);
      if (problem) {
        answer(request.ticket, problem);
        return;
      }
      pending++;
      writer.append(toEntry(request, originInstance, caller));
    };
    const caller: Caller = {
      finished(entry, outcome) {
        pending--;
        answer(entry.originTicket, outcome.status, outcome.status === 'stored' ? outcome.msgId : 0);
        if (paused && pending < maxPending / 2) {
          paused = false;
          stream.resume();
        }
      },
    };

    stream.onData((frame) => {
      for (const request of frame.entries ?? []) {
        take(request as teamtalk.db.AppendEntry, frame.originInstance);
      }
      if (pending >= maxPending && !paused) {
        paused = true;
        stream.pause();
      }
    });
    // The caller sends what is unanswered to another replica: what has not begun here must not be stored twice.
    stream.onClose(() => writer.discard((entry) => entry.caller === caller));
  };
}
