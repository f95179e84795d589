import { BatchedReplies, type RpcStream, teamtalk } from '@teamtalk/rpc';
import type { MessageStore } from '../../message-store.js';
import type { DeliveryOutlet, DeliveryStream } from '../delivery-streams.js';
import { type Caller, entryProblem, toEntry } from '../entry.js';
import { UnstoredMessages } from './unstored-messages.js';

const { AppendStatus } = teamtalk.db;

const statusOf = {
  stored: AppendStatus.APPEND_STORED,
  'unknown-receiver': AppendStatus.APPEND_UNKNOWN_RECEIVER,
  'not-a-member': AppendStatus.APPEND_NOT_A_MEMBER,
  unavailable: AppendStatus.APPEND_UNAVAILABLE,
  invalid: AppendStatus.APPEND_INVALID,
} as const;

/** Pending entries of one caller; beyond this limit its stream is not read. */
const maxPending = 20_000;

/**
 * Messages.Append: passes the entries of a stream to the group commit; results of one transaction are sent in one frame.
 * Frames without results carry the horizon for retries of later entries. The stream of a msg_server also takes stored
 * messages to it, and its confirmations back.
 */
export function appendMessages({
  writer,
  horizon,
  direct,
}: Pick<MessageStore, 'writer' | 'horizon' | 'direct'>) {
  return (stream: RpcStream<teamtalk.db.AppendFrame, teamtalk.db.AppendResults.$Properties>): void => {
    let deliveries: teamtalk.db.DirectDelivery.$Properties[] = [];
    const takeDeliveries = () => {
      if (deliveries.length === 0) return undefined;
      const taken = deliveries;
      deliveries = [];
      return { deliveries: taken };
    };
    const unstored = new UnstoredMessages();
    const write = (frame: teamtalk.db.AppendResults.$Properties) => {
      unstored.frameSent(frame.results?.length !== 0);
      stream.write(frame);
    };
    const answers = new BatchedReplies<teamtalk.db.AppendResult.$Properties>(
      { write, pause: () => stream.pause(), resume: () => stream.resume() },
      maxPending,
      takeDeliveries,
    );
    const answer = (
      { requestId }: Pick<teamtalk.db.AppendEntry, 'requestId'>,
      status: keyof typeof statusOf,
      msgId = 0,
    ) => answers.answer({ requestId, status: statusOf[status], msgId });
    const caller: Caller = {
      finished(entry, outcome) {
        if (outcome.status === 'unavailable') unstored.add(entry);
        const msgId = outcome.status === 'stored' ? outcome.msgId : 0;
        answer({ requestId: entry.originRequestId }, outcome.status, msgId);
      },
    };

    const tellHorizon = () => write({ results: [], horizon: horizon.value });
    tellHorizon();
    const unwatch = horizon.watch(tellHorizon);

    let msgServer: number;
    let deliveryStream: DeliveryStream | undefined;
    const outlet: DeliveryOutlet = {
      get congested() {
        return stream.congested;
      },
      send(delivery) {
        deliveries.push(delivery);
        answers.flushSoon();
      },
      evict: () => write({ results: [], evicted: true }),
    };

    stream.onData((frame) => {
      if (frame.takesDeliveries && direct && !deliveryStream) {
        msgServer = frame.originInstance;
        deliveryStream = direct.streams.open(msgServer, outlet);
      }
      if (frame.confirmed.length > 0) deliveryStream?.confirm(frame.confirmed);
      if (frame.entries.length > 0) direct?.presence.prepare();
      for (const request of (frame.entries ?? []) as teamtalk.db.AppendEntry[]) {
        answers.expect();
        const problem = entryProblem(request);
        const entry = toEntry(request, frame, caller);
        if (problem) answer(request, problem);
        // Not noted as unstored: of a sender who never pauses, all messages would be refused for good.
        else if (unstored.precede(entry, frame.seen)) answer(request, 'unavailable');
        else writer.append(entry);
      }
    });
    stream.onClose(() => {
      unwatch();
      if (deliveryStream) direct?.streams.close(msgServer, deliveryStream);
      writer.discard(caller);
    });
  };
}
