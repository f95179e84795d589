import type { teamtalk } from '@teamtalk/bus';
import { type NodePart, share } from '@teamtalk/routing';
import { type Kit, traceId } from '@teamtalk/service-kit';
import type { PresenceDoubt, PresenceFollower } from '../../presence/presence-follower.js';
import type { DeliveryStream, DeliveryStreams, SentBatch, StreamDoubt } from '../delivery-streams.js';
import { noLists } from '../group-members.js';
import type { Batch } from './batch-sender.js';
import { recordDirect } from './direct-spans.js';
import type { UndeliveredTracker } from './undelivered-tracker.js';
import { fixedBytes, toWire } from './wire-batch.js';

/** Why a batch is sent by a route_server. */
export type RoutedReason = PresenceDoubt | StreamDoubt;

export interface DirectSenderOptions {
  kit: Kit;
  presence: Pick<PresenceFollower, 'table' | 'doubt' | 'prepare' | 'settling'>;
  streams: Pick<DeliveryStreams, 'get'>;
}

export interface DirectOutcome {
  /** every msg_server concerned has delivered its part */
  delivered(): void;
  /** a msg_server's stream broke before it had confirmed its part */
  broken(): void;
}

/** Sends batches to the msg_servers of their participants, over the streams these have opened to append messages. */
export class DirectSender {
  readonly #options: DirectSenderOptions;
  readonly #undelivered: UndeliveredTracker;
  readonly #debug: boolean;

  constructor(options: DirectSenderOptions, undelivered: UndeliveredTracker) {
    this.#options = options;
    this.#undelivered = undelivered;
    this.#debug = options.kit.log.isLevelEnabled('debug');
  }

  /** What a batch that is to be sent now should wait for. */
  get settling(): Promise<void> | undefined {
    const { presence } = this.#options;
    presence.prepare();
    return presence.settling;
  }

  /**
   * Sends all of a batch or, if there is a doubt that it reaches everybody, nothing.
   * @param storeEpoch epoch of the batch
   * @param outcome called later
   * @returns the reason why nothing was sent
   */
  send(
    { batch, lists = noLists }: Batch,
    storeEpoch: number,
    outcome: DirectOutcome,
  ): RoutedReason | DirectBatch {
    const { presence, streams, kit } = this.#options;
    if (presence.doubt) return presence.doubt;
    const byNode = new Map<number, NodePart>();
    for (const message of batch.messages) {
      const wire = toWire(message, lists, batch.outboxId, this.#undelivered.before(message));
      const msgServers = wire ? share(wire, presence.table, byNode) : 0;
      if (this.#debug) {
        const trace = traceId(message.originInstance, message.originRequestId);
        kit.log.debug({ trace, msgId: message.msgId, msgServers }, 'message sent to msg_servers directly');
      }
    }
    const parts: [DeliveryStream, NodePart][] = [];
    for (const [node, part] of byNode) {
      const stream = streams.get(node);
      if (!stream) return 'no-stream';
      if (stream.doubt) return stream.doubt;
      parts.push([stream, part]);
    }
    const sent = new DirectBatch(kit, batch, parts.length, outcome);
    for (const [stream, { deliveries }] of parts) {
      sent.await(stream, stream.send({ deliveries, storeEpoch }, bytesOf(deliveries), sent));
    }
    return sent;
  }
}

/** A batch that was sent directly, until every msg_server concerned has confirmed it. */
export class DirectBatch implements SentBatch {
  /** with the number that each confirms it by */
  readonly #waiting = new Map<DeliveryStream, number>();
  readonly #outcome: DirectOutcome;
  readonly #record: ((error?: string) => void) | undefined;
  #broken = false;

  constructor({ tracing }: Kit, { messages }: Batch['batch'], msgServers: number, outcome: DirectOutcome) {
    this.#outcome = outcome;
    this.#record = tracing && recordDirect(tracing, messages, msgServers);
    // Nobody is online.
    if (msgServers === 0) this.#end();
  }

  await(stream: DeliveryStream, number: number): void {
    this.#waiting.set(stream, number);
  }

  confirmed(stream: DeliveryStream): void {
    if (this.#waiting.delete(stream) && this.#waiting.size === 0) this.#end();
  }

  broken(stream: DeliveryStream): void {
    if (!this.#waiting.has(stream) || this.#broken) return;
    this.#broken = true;
    this.#record?.('stream-broken');
    this.#outcome.broken();
  }

  /** To be called when it is sent otherwise. Those that have not confirmed it in time get nothing for a while. @returns why */
  giveUp(): 'unconfirmed' | 'stream-broken' {
    if (this.#broken) {
      this.forget();
      return 'stream-broken';
    }
    this.#record?.('unconfirmed');
    for (const [stream, number] of this.#waiting) stream.giveUp(number);
    return 'unconfirmed';
  }

  /** Its confirmations, which may never come, are not waited for any more. */
  forget(): void {
    for (const [stream, number] of this.#waiting) stream.forget(number);
  }

  #end(): void {
    this.#record?.();
    this.#outcome.delivered();
  }
}

function bytesOf(deliveries: readonly teamtalk.bus.Delivery.$Properties[]): number {
  let bytes = 0;
  for (const { pdu } of deliveries) bytes += (pdu?.length ?? 0) + fixedBytes;
  return bytes;
}
