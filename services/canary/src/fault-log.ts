import type { Logger } from '@teamtalk/service-kit';
import type { Delivery } from './ledger.js';

/** Faults logged between calls of `flush`; of further ones only the number is logged. */
const most = 20;

/** Logs the path of lost, duplicated and reordered messages, since metrics have no labels for single servers. */
export class FaultLog {
  readonly #log: Logger;
  #count = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  add({ outcome, sender, receiver, msgId }: Delivery): void {
    if (++this.#count > most) return;
    const { account, server } = receiver;
    this.#log.error({ outcome, msgId, from: sender?.server, to: server, account }, 'delivery failed');
  }

  flush(): void {
    if (this.#count > most) this.#log.error({ count: this.#count - most }, 'more deliveries failed');
    this.#count = 0;
  }
}
