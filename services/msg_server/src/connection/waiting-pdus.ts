import type { Pdu } from '@teamtalk/protocol';

const maxPdus = 32;
const maxBytes = 262_144;

/** PDUs of one connection that cannot be handled yet, oldest first. */
export class WaitingPdus {
  readonly #pdus: Pdu[] = [];
  #bytes = 0;

  /** Whether reading from the connection has to pause. */
  get full(): boolean {
    return this.#pdus.length >= maxPdus || this.#bytes >= maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): Pdu | undefined {
    return this.#pdus[0];
  }

  push(pdu: Pdu): void {
    this.#pdus.push(pdu);
    this.#bytes += pdu.body.length;
  }

  shift(): void {
    this.#bytes -= this.#pdus.shift()?.body.length ?? 0;
  }
}
