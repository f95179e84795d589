import type { teamtalk } from '@teamtalk/rpc';

/** Why a msg_server gets nothing over its stream now. */
export type StreamDoubt = 'no-stream' | 'congested' | 'unconfirmed';

/** The end of a msg_server's append stream. */
export interface DeliveryOutlet {
  /** whether it does not read as fast as it is written to */
  readonly congested: boolean;
  /** Sends it with the frame of this event-loop turn. */
  send(delivery: teamtalk.db.DirectDelivery.$Properties): void;
  /** Tells the msg_server that it was taken for dead. */
  evict(): void;
}

/** A batch that was sent to msg_servers directly. */
export interface SentBatch {
  /** a msg_server has delivered its part */
  confirmed(stream: DeliveryStream): void;
  /** a msg_server's stream has broken: it may have its part or not */
  broken(stream: DeliveryStream): void;
}

/** Most bytes that one msg_server has not confirmed. */
const maxUnconfirmedBytes = 8 * 1024 * 1024;
/** How long a msg_server that left a batch unconfirmed gets nothing, unless it confirms another, milliseconds. */
const distrustMs = 3_000;

/** The append stream of a msg_server, over which it takes stored messages for its users. */
export class DeliveryStream {
  readonly #outlet: DeliveryOutlet;
  readonly #unconfirmed = new Map<number, { sent: SentBatch; bytes: number }>();
  #number = 0;
  #bytes = 0;
  /** performance.now() until which it gets nothing */
  #distrustedUntil = 0;

  constructor(outlet: DeliveryOutlet) {
    this.#outlet = outlet;
  }

  /** undefined: it can take more */
  get doubt(): StreamDoubt | undefined {
    if (this.#outlet.congested || this.#bytes > maxUnconfirmedBytes) return 'congested';
    return performance.now() < this.#distrustedUntil ? 'unconfirmed' : undefined;
  }

  /**
   * @param bytes of its messages
   * @returns the number it is confirmed by
   */
  send(batch: teamtalk.bus.DeliverBatch.$Properties, bytes: number, sent: SentBatch): number {
    this.#number = (this.#number + 1) >>> 0;
    const number = this.#number;
    this.#unconfirmed.set(number, { sent, bytes });
    this.#bytes += bytes;
    this.#outlet.send({ number, batch });
    return number;
  }

  confirm(numbers: readonly number[]): void {
    for (const number of numbers) {
      const delivery = this.#unconfirmed.get(number);
      if (!delivery) continue;
      this.forget(number);
      this.#distrustedUntil = 0;
      delivery.sent.confirmed(this);
    }
  }

  /** A batch was not confirmed in time. A later confirmation has no effect. */
  giveUp(number: number): void {
    this.forget(number);
    this.#distrustedUntil = performance.now() + distrustMs;
  }

  /** Nobody waits for the confirmation any more. */
  forget(number: number): void {
    this.#bytes -= this.#unconfirmed.get(number)?.bytes ?? 0;
    this.#unconfirmed.delete(number);
  }

  /** The msg_server is alive, but was taken for dead: messages may have been sent past it. */
  evict(): void {
    this.#outlet.evict();
  }

  break(): void {
    const unconfirmed = [...this.#unconfirmed.values()];
    this.#unconfirmed.clear();
    for (const { sent } of unconfirmed) sent.broken(this);
  }
}

/** The streams of all msg_servers that take stored messages. */
export class DeliveryStreams {
  /** by msg_server, the newest stream last */
  readonly #streams = new Map<number, DeliveryStream[]>();

  get(msgServer: number): DeliveryStream | undefined {
    return this.#streams.get(msgServer)?.at(-1);
  }

  /**
   * Registers a stream that a msg_server has opened. Earlier streams stay: they may be broken without this process knowing yet,
   * or outlive this one. After a restart at the same address, a msg_server sees this process as two instances until it evicts
   * the old one.
   */
  open(msgServer: number, outlet: DeliveryOutlet): DeliveryStream {
    const stream = new DeliveryStream(outlet);
    this.#streams.set(msgServer, [...(this.#streams.get(msgServer) ?? []), stream]);
    return stream;
  }

  close(msgServer: number, stream: DeliveryStream): void {
    const left = (this.#streams.get(msgServer) ?? []).filter((each) => each !== stream);
    if (left.length > 0) this.#streams.set(msgServer, left);
    else this.#streams.delete(msgServer);
    stream.break();
  }
}
