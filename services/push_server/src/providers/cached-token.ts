/** An access token from a token endpoint. */
export interface FetchedToken {
  value: string;
  lifeMs: number;
}

/** The token endpoint refused the account. */
export class AccountRefused extends Error {}

/** A token is renewed this long before it expires, or after half its lifetime if that is later, milliseconds. */
const marginMs = 5 * 60_000;
const printable = /^[\x21-\x7e]+$/;

/** Caches an access token. It is fetched once for all concurrent requests, and renewed before it expires. */
export class CachedToken {
  readonly #fetch: (ms: number) => Promise<FetchedToken>;
  readonly #now: () => number;
  #value = '';
  #lifeMs = 0;
  #endsAt = 0;
  #fetching: Promise<void> | undefined;

  /** @param fetch has to respond within `ms` milliseconds; it rejects with AccountRefused or another error */
  constructor(fetch: (ms: number) => Promise<FetchedToken>, now: () => number = Date.now) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /** @throws the error of fetching the token; Error when the token is not valid in a header */
  async value(ms: number): Promise<string> {
    if (this.#now() >= this.#endsAt - Math.min(marginMs, this.#lifeMs / 2)) {
      this.#fetching ??= this.#renew(ms).finally(() => {
        this.#fetching = undefined;
      });
      await this.#fetching;
    }
    return this.#value;
  }

  /** Call it when the token is refused although it has not expired. */
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
