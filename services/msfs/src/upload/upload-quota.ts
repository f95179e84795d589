const dayMs = 86_400_000;
/** Users whose bytes of the day are remembered; those who uploaded longest ago are forgotten first. */
const maxUsers = 100_000;

export interface UploadQuotaOptions {
  /** bytes a user may upload a day; 0: any number */
  bytes: number;
  /** milliseconds since 1970 */
  now?: () => number;
}

/** Bytes that an upload may have. */
export interface Reservation {
  readonly userId: number;
  /** The upload is over. @param bytes those that are stored */
  settle(bytes: number): void;
}

/** Counts the bytes that each user uploads in a day (UTC). */
export class UploadQuota {
  readonly #bytes: number;
  readonly #now: () => number;
  readonly #used = new Map<number, number>();
  #total = 0;
  #day = 0;

  constructor({ bytes, now = Date.now }: UploadQuotaOptions) {
    this.#bytes = bytes;
    this.#now = now;
  }

  /** bytes of the day of all users that are remembered, those reserved included */
  get total(): number {
    this.#turnPage();
    return this.#total;
  }

  /** users remembered */
  get size(): number {
    return this.#used.size;
  }

  /**
   * Reserves the bytes of an upload, which one of these users makes: which one cannot be told, so that it is the one with
   * most left.
   * @returns undefined when none of them has enough left
   */
  reserve(users: readonly number[], bytes: number): Reservation | undefined {
    this.#turnPage();
    let userId = users[0];
    if (userId === undefined) return undefined;
    for (const other of users) if (this.#of(other) < this.#of(userId)) userId = other;
    if (this.#bytes > 0 && this.#of(userId) + bytes > this.#bytes) return undefined;
    this.add(userId, bytes);
    const charged = userId;
    const day = this.#day;
    let isOver = false;
    const settle = (stored: number) => {
      if (!isOver && day === this.#day) this.add(charged, stored - bytes);
      isOver = true;
    };
    return { userId, settle };
  }

  /** Bytes that another msfs has stored for the user. */
  add(userId: number, bytes: number): void {
    this.#turnPage();
    const used = this.#of(userId) + bytes;
    this.#forget(userId);
    if (used > 0) {
      this.#used.set(userId, used);
      this.#total += used;
    }
    const [oldest] = this.#used.keys();
    if (this.#used.size > maxUsers && oldest !== undefined) this.#forget(oldest);
  }

  #forget(userId: number): void {
    this.#total -= this.#of(userId);
    this.#used.delete(userId);
  }

  #of(userId: number): number {
    return this.#used.get(userId) ?? 0;
  }

  #turnPage(): void {
    const day = Math.floor(this.#now() / dayMs);
    if (day === this.#day) return;
    this.#day = day;
    this.#used.clear();
    this.#total = 0;
  }
}
