import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { verify } from '@node-rs/argon2';
import type { Metrics } from '@teamtalk/service-kit';
import { BoundedWork } from './bounded-work.js';
import { type Argon2Cost, clientDigest, hashDigest, isCheaperThan, legacyHashMatches } from './password.js';

/** What the database holds of a password. */
export interface StoredPassword {
  hash: string;
  /** set in a row that came from a legacy database */
  legacySalt: string | null;
}

/** Checks waiting for their turn, and for how long at most, milliseconds: callers give up about then. */
const maxWaiting = 1_000;
const maxWaitMs = 4_000;

/**
 * Checks passwords. Argon2 runs on the threads that Node also needs for files and name look-ups, so only
 * some of them are taken; the rest of the checks wait in a bounded line.
 */
export class PasswordChecker {
  readonly #cost: Argon2Cost;
  readonly #work: BoundedWork;
  readonly #seconds;
  /** Of a password nobody knows, at our cost: what is checked when there is nothing to check. */
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
    this.#seconds = metrics.histogram('argon2_seconds', 'Time of one argon2 computation');
    metrics.gauge('argon2_waiting', 'Password checks that wait for their turn', () => this.#work.waiting);
  }

  /**
   * Whether `digest` is the password's. Takes one argon2 computation whatever the answer and also when
   * there is no such user (`stored` undefined), so that its time tells nothing.
   * @throws TeamTalkError `resource-exhausted` when too many checks wait
   */
  async check(stored: StoredPassword | undefined, digest: string): Promise<boolean> {
    if (stored?.legacySalt === null) {
      // Anything else than argon2 there (an operator's `!`) is a password that nothing matches.
      if (stored.hash.startsWith('$argon2')) return this.#verify(stored.hash, digest);
    } else if (stored && legacyHashMatches(stored.hash, stored.legacySalt, digest)) {
      return true;
    }
    await this.#verify(this.#decoy, digest);
    return false;
  }

  /** Whether a good login is to replace it: it is of a legacy database, or cheaper than we compute by now. */
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
