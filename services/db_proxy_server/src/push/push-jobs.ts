import type { TextCodec } from '@teamtalk/protocol';
import type { Database } from '../database/database.js';
import { purgeInBatches } from '../database/purge-in-batches.js';
import { pushMentions } from './mentions.js';
import { mailboxPurges } from './push-mailboxes.js';
import {
  claim,
  claimMarks,
  facts,
  finish,
  purges,
  seen,
  setBadges,
  takeReads,
  waiting,
} from './push-statements.js';

/** A claimed job, with what its decision and its text need. */
export interface PushJobRow {
  job_id: number;
  device_id: number;
  user_id: number;
  attempts: number;
  /** newest message it was made for */
  wanted_id: number;
  /** newest message the device shows; 0: none */
  shown_id: number;
  /** unix milliseconds */
  stored_at: number;
  expires_at: number;
  provider: string;
  app: string;
  token: string;
  locale: string;
  is_group: boolean;
  session_id: number;
  /** null: there is none to show */
  msg_id: number | null;
  from_id: number | null;
  type: number | null;
  data: Buffer | null;
  from_name: string;
  group_name: string;
  unread: number;
  badge: number;
  /** why it need not be pushed; null: it does */
  settled: string | null;
}

export interface FinishedPush {
  jobId: number;
  /** as claimed; null: unknown */
  attempts: number | null;
  outcome: 'accepted' | 'retry' | 'dropped' | 'gone';
  reason: string;
  /** message that was shown or decided on; 0: the banner was withdrawn */
  msgId: number;
  retryMs: number;
  /** of `gone`: unix milliseconds since when; 0: now */
  goneAt: number;
  /** of `retry`: whether the provider may have taken it nevertheless */
  unsure: boolean;
  /** unread messages of which the device was told; null: unknown */
  badge: number | null;
  /** of `accepted`: without a banner */
  silent: boolean;
}

/** Batches, or read marks, that are taken by one statement; each may have thousands of conversations. */
const maxTaken = 50;
/** Longest time that one claim spends with each of what it takes, milliseconds. */
const takeMs = 500;
const noteMs = 60_000;
/** Age at which marks are taken even when no push_server asks: they are many more than jobs. */
const leftMs = 60_000;

interface Waiting {
  /** marks of stored messages */
  stored: boolean;
  /** marks of read messages */
  read: boolean;
  /** messages of muted groups */
  muted: boolean;
  due: boolean;
}
const nothingWaiting: Waiting = { stored: false, read: false, muted: false, due: false };

interface Taken {
  taken: number;
}

interface TakenReads extends Taken {
  convs: string[] | null;
  users: number[] | null;
}

interface TakenMarks extends Taken {
  claimed: string[] | null;
}

/** What is to be pushed. */
export class PushJobs {
  readonly #database: Database;
  readonly #mentions: TextCodec | undefined;
  #notedAt = Number.NEGATIVE_INFINITY;

  /** @param mentions reads texts for mentions, for which a muted group is pushed; undefined: it never is */
  constructor(database: Database, mentions: TextCodec | undefined) {
    this.#database = database;
    this.#mentions = mentions;
  }

  /** Notes that a push_server is there, once a minute: from now on messages are marked for it. */
  async noteConsumer(): Promise<void> {
    if (performance.now() - this.#notedAt < noteMs) return;
    await this.#database.query(seen, []);
    this.#notedAt = performance.now();
  }

  /**
   * Claims due jobs for 8 s, those of batches marked at least `holdMs` ago among them.
   * @param timeZone IANA name, for devices that do not say
   */
  async claim(limit: number, holdMs: number, timeZone: string): Promise<PushJobRow[]> {
    // The other half is for those that are due already.
    const { ids, due } = await this.#take(holdMs, Math.floor(limit / 2));
    if (due) {
      const claimed = await this.#database.query<{ id: string }>(claim, [limit - ids.length]);
      ids.push(...claimed.map(({ id }) => id));
    }
    if (ids.length === 0) return [];
    return this.#database.query<PushJobRow>(facts, [ids, timeZone]);
  }

  /** Records what became of claimed jobs. One that was shown an older message than it has by now is due again at once. */
  async finish(pushes: readonly FinishedPush[]): Promise<void> {
    if (pushes.length === 0) return;
    await this.#database.query(finish, [
      pushes.map(({ jobId }) => jobId),
      pushes.map(({ outcome }) => outcome),
      pushes.map(({ reason }) => reason.replaceAll('\0', '').slice(0, 200)),
      pushes.map(({ msgId }) => msgId),
      pushes.map(({ retryMs }) => retryMs),
      pushes.map(({ goneAt }) => goneAt),
      pushes.map(({ unsure }) => unsure),
      pushes.map(({ attempts }) => attempts),
      pushes.map(({ badge }) => badge),
      pushes.map(({ silent }) => silent),
    ]);
  }

  /** Removes what nobody has taken for a day, and the log after seven. @returns how many rows */
  async purge(): Promise<number> {
    await this.#take(leftMs, 0);
    let purged = 0;
    for (const statement of [...purges, ...mailboxPurges])
      purged += await purgeInBatches(this.#database, statement, []);
    return purged;
  }

  /**
   * Makes jobs of what is marked.
   * @returns ids of those that it has claimed, at most `claims`, and whether others may be due
   */
  async #take(holdMs: number, claims: number): Promise<{ ids: string[]; due: boolean }> {
    const [{ stored, read, muted, due } = nothingWaiting] = await this.#database.query<Waiting>(waiting, [
      holdMs,
    ]);
    const ids: string[] = [];
    /** @param some takes some; whether there may be more */
    const take = async (some: () => Promise<boolean>) => {
      const end = performance.now() + takeMs;
      while ((await some()) && performance.now() < end);
    };
    const areMore = (row: Taken | undefined) => (row?.taken ?? 0) >= maxTaken;
    // Claims come last, so that nothing else that waits or fails holds them up.
    if (read) {
      await take(async () => {
        const [reads] = await this.#database.query<TakenReads>(takeReads, [maxTaken]);
        if (reads?.convs) await this.#database.query(setBadges, [reads.convs, reads.users]);
        return areMore(reads);
      });
    }
    if (muted) await take(() => pushMentions(this.#database, this.#mentions));
    if (stored) {
      await take(async () => {
        const values = [holdMs, maxTaken, claims - ids.length, this.#mentions !== undefined];
        const [marks] = await this.#database.query<TakenMarks>(claimMarks, values);
        ids.push(...(marks?.claimed ?? []));
        return areMore(marks);
      });
    }
    return { ids, due: stored || read || muted || due };
  }
}
