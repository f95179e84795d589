import { setTimeout as delay } from 'node:timers/promises';
import type { Kit } from '@teamtalk/service-kit';
import type { Logins } from './logins.js';
import type { PasswordChecker } from './passwords/password-checker.js';
import type { ProofKey } from './passwords/proof-key.js';

/** Upgrades that may wait; each holds what its client sent in place of a password. */
const maxWaiting = 1_000;
/** The pause after an upgrade, in its own durations: all take a tenth of a core. */
const pauseTimes = 9;

interface Upgrade {
  outdated: string;
  digest: string;
}

/**
 * Replaces outdated hashes after good logins, one at a time in the background: when the cost of hashes is raised, or users
 * of an old database come, everybody's first login finds an outdated one. Those that do not fit into the queue wait for
 * their user's next login.
 */
export class HashUpgrades {
  readonly #logins: Logins;
  readonly #passwords: PasswordChecker;
  readonly #proofKey: ProofKey;
  readonly #kit: Kit;
  readonly #waiting = new Map<number, Upgrade>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(logins: Logins, passwords: PasswordChecker, proofKey: ProofKey, kit: Kit) {
    this.#logins = logins;
    this.#passwords = passwords;
    this.#proofKey = proofKey;
    this.#kit = kit;
  }

  /** @param outdated the hash that `digest` was good for */
  offer(userId: number, outdated: string, digest: string): void {
    if (this.#waiting.size >= maxWaiting || this.#stopping.signal.aborted) return;
    this.#waiting.set(userId, { outdated, digest });
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waiting.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let [next] = this.#waiting; next; [next] = this.#waiting) {
      const [userId, upgrade] = next;
      this.#waiting.delete(userId);
      const begun = performance.now();
      await this.#upgrade(userId, upgrade);
      const pauseMs = pauseTimes * (performance.now() - begun);
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
  }

  async #upgrade(userId: number, { outdated, digest }: Upgrade): Promise<void> {
    try {
      const hash = await this.#passwords.hash(digest);
      await this.#logins.upgradeHash(userId, outdated, hash, this.#proofKey.mac(userId, digest, hash));
    } catch (error) {
      this.#kit.log.warn({ err: error, userId }, 'password hash not upgraded');
    }
  }
}
