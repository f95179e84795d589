import type { CloseReason, MsgServerMetrics } from '../metrics.js';
import type { OutboundQueue } from './outbound-queue.js';
import type { Transport } from './transport.js';
import { writeBatch } from './write-batch.js';

/**
 * Bytes buffered for a connection until its login is accepted, in each direction: unfinished and waiting PDUs, and output
 * that its client has not read.
 */
export const maxBeforeLogin = 16_384;

/** What a connection's output needs of its listener. */
export interface OutputHost {
  readonly limits: { readonly outboundBytes: number };
  readonly outbound: OutboundQueue;
  readonly metrics: Pick<MsgServerMetrics, 'sentBytes'>;
}

/**
 * The output of a connection: the PDUs queued until the next flush are written together, and what is pushed while its
 * login has no answer comes after the answer. A base class, because a field would be one more object for each connection.
 */
export abstract class ConnectionOutput {
  abstract readonly host: OutputHost;
  /** False once the connection is being closed. */
  abstract readonly isOpen: boolean;
  /** 0 until the login is accepted */
  abstract readonly userId: number;
  protected readonly transport: Transport;
  /** PDUs to write at the next flush. */
  #out: Buffer | Buffer[] | undefined;
  /** PDUs pushed before the login was answered; undefined: pushes are written at once. */
  #deferred: Buffer[] | undefined;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  abstract destroy(reason: CloseReason): void;

  /** Whether each PDU has to be one write, because the transport keeps message boundaries. */
  get isFramed(): boolean {
    return this.transport.framed === true;
  }

  /** Whether the login was accepted but not answered yet. */
  get awaitsAnswer(): boolean {
    return this.#deferred !== undefined;
  }

  /** Queues a PDU; all PDUs queued until the next flush are written together. */
  write(pdu: Buffer): void {
    if (!this.isOpen) return;
    if (this.#out === undefined) {
      this.#out = pdu;
      this.host.outbound.add(this);
    } else if (Buffer.isBuffer(this.#out)) {
      this.#out = [this.#out, pdu];
    } else {
      this.#out.push(pdu);
    }
  }

  /** Writes a PDU that is no response to this client; deferred until its login is answered. */
  push(pdu: Buffer): void {
    if (this.#deferred) this.#deferred.push(pdu);
    else this.write(pdu);
  }

  /** Writes the login's `answer` and then, in order, the deferred PDUs. */
  release(answer: Buffer): void {
    const deferred = this.#deferred ?? [];
    this.#deferred = undefined;
    this.write(answer);
    for (const pdu of deferred) this.write(pdu);
  }

  /** Hands the queued PDUs to the transport. Called by the outbound queue. */
  flush(): void {
    const out = this.#out;
    if (out === undefined) return;
    this.#out = undefined;
    const { transport } = this;
    const maxUnread = this.userId === 0 ? maxBeforeLogin : this.host.limits.outboundBytes;
    if (transport.writableLength > maxUnread) {
      this.destroy('slow-reader');
      return;
    }
    if (Buffer.isBuffer(out)) {
      this.host.metrics.sentBytes.value += out.length;
      transport.write(out);
      return;
    }
    this.host.metrics.sentBytes.value += writeBatch(transport, out);
  }

  /** From now on `push` defers PDUs until `release`. */
  protected defer(): void {
    this.#deferred = [];
  }

  protected discardDeferred(): void {
    this.#deferred = undefined;
  }

  protected discardQueued(): void {
    this.#out = undefined;
  }
}
