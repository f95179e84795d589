import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { verify } from '@node-rs/argon2';
import type { Metrics } from '@teamtalk/service-kit';
import { BoundedWork } from './bounded-work.js';
import { isIssued } from './issued-password.js';
import { type Argon2Cost, clientDigest, hashDigest, isCheaperThan, legacyHashMatches } from './password.js';

/** A password as stored in the database. */
export interface StoredPassword {
  hash: string;
  /** set for a row imported from a legacy database */
  legacySalt: string | null;
}

/** Most waiting checks and their longest wait, milliseconds; callers time out at about the same time. */
const maxWaiting = 1_000;
const maxWaitMs = 4_000;

/**
 * Checks passwords. Argon2 runs on the thread pool that Node also uses for files and DNS, so it takes only some of the
 * threads; further checks wait in a bounded queue.
 */
export class PasswordChecker {
  readonly #cost: Argon2Cost;
  readonly #work: BoundedWork;
  readonly #seconds;
  /** Hash of a random password at the configured cost, verified when there is no user, to equalise timing. */
  readonly #decoy: string;

  static async create(cost: Argon2Cost, metrics: Metrics): Promise<PasswordChecker> {
    const decoy = await hashDigest(clientDigest(randomBytes(32).toString('hex')), cost);
    return new PasswordChecker(cost, metrics, decoy);
  }

  private constructor(cost: Argon2Cost, metrics: Metrics, decoy: string) {
    this.#cost = cost;
    this.#decoy = decoy;
    this.#work = new BoundedWork({
      what: 'password checking',
      concurrency: Math.min(availableParallelism(), 3),
      maxWaiting,
      maxWaitMs,
    });
    this.#seconds = metrics.histogram('argon2_seconds', 'Duration of one argon2 computation');
    metrics.gauge('argon2_waiting', 'Password checks waiting for their turn', () => this.#work.waiting);
  }

  /**
   * Whether `digest` matches. Takes one argon2 computation in every case, also for an unknown user (`stored`
   * undefined), so that timing reveals nothing.
   * @throws TeamTalkError `resource-exhausted` when too many checks wait
   */
  async check(stored: StoredPassword | undefined, digest: string): Promise<boolean> {
    if (stored?.legacySalt === null) {
      // A failed check at this low cost is followed by one at the full cost, as for an unknown name.
      if (isIssued(stored.hash)) {
        if (await this.#verify(stored.hash, digest)) return true;
      }
      // Any value other than an argon2 hash (an operator's `!`) matches no password.
      else if (stored.hash.startsWith('$argon2')) return this.#verify(stored.hash, digest);
    } else if (stored && legacyHashMatches(stored.hash, stored.legacySalt, digest)) {
      return true;
    }
    await this.#verify(this.#decoy, digest);
    return false;
  }

  /** Whether a successful login should replace the hash: it is a legacy one, or cheaper than the configured cost. */
  isOutdated({ hash, legacySalt }: StoredPassword): boolean {
    return legacySalt !== null || isCheaperThan(hash, this.#cost);
  }

  /** @throws TeamTalkError as `check` does */
  hash(digest: string): Promise<string> {
    return this.#work.run(() => this.#timed(() => hashDigest(digest, this.#cost)));
  }

  #verify(hash: string, digest: string): Promise<boolean> {
    return this.#work.run(() => this.#timed(() => verify(hash, digest)));
  }

  async #timed<T>(compute: () => Promise<T>): Promise<T> {
    const stopTimer = this.#seconds.startTimer();
    try {
      return await compute();
    } finally {
      stopTimer();
    }
  }
}
