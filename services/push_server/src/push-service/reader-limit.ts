import type { IncomingMessage } from 'node:http';
import { clientAddress, type Networks, plainAddress } from '@teamtalk/net';
import { sourceNetwork } from '@teamtalk/service-kit';

export interface ReaderLimitOptions {
  /** subscriptions read at a time */
  total: number;
  /** addresses that may read all of them */
  exempt: Networks;
  trustedProxies: Networks;
  refused: { inc(): void };
}

/**
 * Limits how many subscriptions are read at a time, at most half of them by one source network. Each costs memory and a query
 * to the store, and anybody can make up a name.
 */
export class ReaderLimit {
  readonly #options: ReaderLimitOptions;
  readonly #byNetwork = new Map<string, number>();
  #count = 0;

  constructor(options: ReaderLimitOptions) {
    this.#options = options;
  }

  /** @returns a function to call once, when they are no longer read; undefined: too many */
  admit(request: IncomingMessage, names: number): (() => void) | undefined {
    const { total, exempt, trustedProxies, refused } = this.#options;
    const address = plainAddress(clientAddress(request, trustedProxies) ?? '');
    const network = sourceNetwork(address);
    const ofNetwork = (this.#byNetwork.get(network) ?? 0) + names;
    if (this.#count + names > total || (ofNetwork > total / 2 && !exempt.includes(address))) {
      refused.inc();
      return undefined;
    }
    this.#add(network, names);
    return () => this.#add(network, -names);
  }

  #add(network: string, names: number): void {
    this.#count += names;
    const count = (this.#byNetwork.get(network) ?? 0) + names;
    if (count > 0) this.#byNetwork.set(network, count);
    else this.#byNetwork.delete(network);
  }
}
