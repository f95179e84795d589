import { BatchedReplies, type RpcStream, teamtalk } from '@teamtalk/rpc';
import type { MessageStore } from '../../message-store.js';
import { type Caller, entryProblem, toEntry } from '../entry.js';

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
 * frame for all that were committed together. Frames without results say what a retry of later entries has to name.
 */
export function appendMessages({ writer, horizon }: Pick<MessageStore, 'writer' | 'horizon'>) {
  return (stream: RpcStream<teamtalk.db.AppendFrame, teamtalk.db.AppendResults.$Properties>): void => {
    const answers = new BatchedReplies<teamtalk.db.AppendResult.$Properties>(stream, maxPending);
    const caller: Caller = {
      finished({ originRequestId }, outcome) {
        const msgId = outcome.status === 'stored' ? outcome.msgId : 0;
        answers.answer({ requestId: originRequestId, status: statusOf[outcome.status], msgId });
      },
    };

    const tellHorizon = () => stream.write({ results: [], horizon: horizon.value });
    tellHorizon();
    const unwatch = horizon.watch(tellHorizon);

    stream.onData((frame) => {
      for (const request of (frame.entries ?? []) as teamtalk.db.AppendEntry[]) {
        answers.expect();
        const problem = entryProblem(request);
        if (problem) answers.answer({ requestId: request.requestId, status: statusOf[problem], msgId: 0 });
        else writer.append(toEntry(request, frame.originInstance, caller));
      }
    });
    // The caller sends what is unanswered to another replica: what has not begun here must not be stored twice.
    stream.onClose(() => {
      unwatch();
      writer.discard((entry) => entry.caller === caller);
    });
  };
}
