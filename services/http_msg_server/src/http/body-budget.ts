import type { IncomingMessage, ServerResponse } from 'node:http';
import { plainAddress } from '@teamtalk/net';
import { sourceNetwork } from '@teamtalk/service-kit';

export interface BodyBudgetOptions {
  /** bytes of all bodies together */
  totalBytes: number;
  /** the largest body, bytes */
  maxBodyBytes: number;
  /** whether all callers are served without a key */
  open: boolean;
}

/**
 * Bounds the memory of request bodies, from before they are read until the answer is sent. Callers whose key has not been
 * checked yet get a quarter of it, unless the API is open, and one address of them half of that.
 */
export class BodyBudget {
  readonly #maxBodyBytes: number;
  readonly #totalBytes: number;
  readonly #strangersBytes: number;
  readonly #ofNetworks = new Map<string, number>();
  #bytes = 0;
  #ofStrangers = 0;

  constructor({ totalBytes, maxBodyBytes, open }: BodyBudgetOptions) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#totalBytes = Math.max(totalBytes, maxBodyBytes);
    this.#strangersBytes = open ? this.#totalBytes : Math.max(this.#totalBytes / 4, maxBodyBytes);
  }

  /** bytes taken */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param stranger the address of a caller whose key has not been checked; undefined: the key is good
   * @returns whether the body may be read; its bytes count until the response closes
   */
  take(request: IncomingMessage, response: ServerResponse, stranger: string | undefined): boolean {
    const bytes = this.#mostBytes(request);
    if (this.#bytes + bytes > this.#totalBytes) return false;
    if (stranger !== undefined) {
      const network = sourceNetwork(plainAddress(stranger));
      const ofNetwork = (this.#ofNetworks.get(network) ?? 0) + bytes;
      if (this.#ofStrangers + bytes > this.#strangersBytes) return false;
      if (ofNetwork > Math.max(this.#strangersBytes / 2, this.#maxBodyBytes)) return false;
      this.#ofStrangers += bytes;
      this.#ofNetworks.set(network, ofNetwork);
      response.once('close', () => this.#releaseStranger(network, bytes));
    }
    this.#bytes += bytes;
    response.once('close', () => {
      this.#bytes -= bytes;
    });
    return true;
  }

  #releaseStranger(network: string, bytes: number): void {
    this.#ofStrangers -= bytes;
    const rest = (this.#ofNetworks.get(network) ?? 0) - bytes;
    if (rest > 0) this.#ofNetworks.set(network, rest);
    else this.#ofNetworks.delete(network);
  }

  /** What the body may take: its length, or the largest of all where that is not known. */
  #mostBytes({ headers }: IncomingMessage): number {
    if (headers['transfer-encoding'] !== undefined || headers['content-encoding'] !== undefined) {
      return this.#maxBodyBytes;
    }
    return Math.min(Number(headers['content-length'] ?? 0), this.#maxBodyBytes);
  }
}
