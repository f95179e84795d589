/** What a token endpoint has given. */
export interface FetchedToken {
  value: string;
  lifeMs: number;
}

/** The token endpoint has refused the account. */
export class AccountRefused extends Error {}

/** A token is renewed that long before it ends, or half its life, milliseconds. */
const marginMs = 5 * 60_000;
const printable = /^[\x21-\x7e]+$/;

/** A token that requests carry, fetched once for all who wait for it, and again before it ends. */
export class CachedToken {
  readonly #fetch: (ms: number) => Promise<FetchedToken>;
  readonly #now: () => number;
  #value = '';
  #lifeMs = 0;
  #endsAt = 0;
  #fetching: Promise<void> | undefined;

  /** @param fetch rejects with AccountRefused, or with another error when there is no answer within so many milliseconds */
  constructor(fetch: (ms: number) => Promise<FetchedToken>, now: () => number = Date.now) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /** @throws what fetching it does; Error when it is none that a header can have */
  async value(ms: number): Promise<string> {
    if (this.#now() >= this.#endsAt - Math.min(marginMs, this.#lifeMs / 2)) {
      this.#fetching ??= this.#renew(ms).finally(() => {
        this.#fetching = undefined;
      });
      await this.#fetching;
    }
    return this.#value;
  }

  /** To be called when it is refused although it has not ended. */
  drop(value: string): void {
    if (this.#value === value) this.#endsAt = 0;
  }

  async #renew(ms: number): Promise<void> {
    const { value, lifeMs } = await this.#fetch(ms);
    if (!printable.test(value) || !(lifeMs > 0)) throw new Error('token endpoint: no token');
    this.#value = value;
    this.#lifeMs = lifeMs;
    this.#endsAt = this.#now() + lifeMs;
  }
}
