import type { Conversation, Inbox } from './inbox.js';
import type { Message } from './message.js';
import type { Outbox } from './outbox.js';
import { fieldsOf, type Session } from './session.js';

/** The requests catching up needs; each has its own deadline. */
export interface HistorySource {
  readonly userId: number;
  /** Sessions with unread messages, and those changed since unix second `since`. */
  changedSessions(since: number): Promise<Session[]>;
  latestMessageId(session: Session): Promise<number>;
  /** Newest first, ids up to and including `begin`; 0: from the newest. */
  history(session: Session, page: { begin: number; count: number }): Promise<Message[]>;
}

const PAGE = 100;
const CONCURRENCY = 8;
/** Back-off between attempts, milliseconds. */
const RETRY_MS = 1000;
/** Clocks of servers may differ by this much, seconds. */
const CLOCK_MARGIN = 5;

/** Fills gaps of conversations that are behind from history, in order, each id once. */
export class CatchUp {
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #source: HistorySource;
  readonly #mayRun: () => boolean;
  #since = 0;
  #running = false;
  #retry: NodeJS.Timeout | undefined;

  /** @param mayRun whether the client is connected and has room for messages */
  constructor(inbox: Inbox, outbox: Outbox, source: HistorySource, mayRun: () => boolean) {
    this.#inbox = inbox;
    this.#outbox = outbox;
    this.#source = source;
    this.#mayRun = mayRun;
  }

  /** @param since unix seconds of the first login: earlier messages are not surfaced */
  set since(since: number) {
    this.#since = Math.max(since - CLOCK_MARGIN, 0);
  }

  /** Catches up in the background where needed and possible. */
  start(): void {
    if (this.#running || !this.#isNeeded()) return;
    clearTimeout(this.#retry);
    this.#running = true;
    void this.#run().then((complete) => {
      this.#running = false;
      if (complete) this.start();
      else if (this.#isNeeded()) this.#retry = setTimeout(() => this.start(), RETRY_MS);
    });
  }

  stop(): void {
    clearTimeout(this.#retry);
  }

  #isNeeded(): boolean {
    return this.#mayRun() && (this.#inbox.isInterrupted || this.#inbox.behind.size > 0);
  }

  /** @returns false when a retry is needed; never throws */
  async #run(): Promise<boolean> {
    try {
      if (this.#inbox.isInterrupted) this.#inbox.resume(await this.#source.changedSessions(this.#since));
    } catch {
      return false;
    }
    let complete = true;
    // One iterator shared by all workers; it includes conversations that fall behind meanwhile.
    const work = this.#inbox.behind.values();
    const worker = async () => {
      for (const conversation of work) {
        if (!this.#mayRun()) return;
        try {
          await this.#catchUp(conversation);
        } catch {
          // A deadline or a broken connection: the conversation stays behind.
          complete = false;
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    return complete;
  }

  async #catchUp(conversation: Conversation): Promise<void> {
    const { session, known } = conversation;
    if (!conversation.based) this.#inbox.base(conversation, await this.#lastBeforeOurTime(session));
    for (let previous = -1; ; ) {
      const { interruptions } = this.#inbox;
      const latest = await this.#source.latestMessageId(session);
      while (known.floor < latest) {
        const upTo = Math.min(latest, known.floor + PAGE);
        const messages = await this.#between(session, known.floor, upTo);
        await this.#recogniseOwn(conversation, messages);
        for (const message of messages) if (!this.#inbox.offer(conversation, message)) return;
        // Ids that history does not show this user, such as those from before they joined the group.
        known.cover(upTo);
      }
      // History ends for a user who was removed from the group; do not wait for the rest.
      const complete = latest >= conversation.awaited || latest === previous;
      if (complete && interruptions === this.#inbox.interruptions) break;
      previous = latest;
    }
    this.#inbox.caughtUp(conversation);
  }

  /** The messages with ids above `floor` up to `last`, ascending. */
  async #between(session: Session, floor: number, last: number): Promise<Message[]> {
    const messages: Message[] = [];
    for (let begin = last; begin > floor; ) {
      const page = await this.#source.history(session, { begin, count: begin - floor });
      for (const message of page) if (message.msgId > floor) messages.push(message);
      const oldest = page.at(-1);
      if (!oldest || oldest.msgId > begin) break;
      begin = oldest.msgId - 1;
    }
    return messages.reverse();
  }

  /**
   * The user's own message in history may be one this client has sent and whose ack is pending, so that ack is awaited.
   * Otherwise it is from another connection of the user, and surfaces.
   */
  async #recogniseOwn({ session, known }: Conversation, messages: Message[]): Promise<void> {
    const { userId } = this.#source;
    if (messages.some((message) => message.fromUserId === userId && !known.has(message.msgId))) {
      await this.#outbox.settled(session);
    }
  }

  /** The id before the first message since the login, for a session of which only the id is known. */
  async #lastBeforeOurTime(session: Session): Promise<number> {
    for (let begin = 0; ; ) {
      const page = await this.#source.history(session, { begin, count: PAGE });
      const older = page.find((message) => message.createTime < this.#since);
      if (older) return older.msgId;
      const oldest = page.at(-1);
      if (!oldest) return begin;
      if (oldest.msgId === 1) return 0;
      if (begin !== 0 && oldest.msgId > begin) {
        throw new Error(`history pages of ${JSON.stringify(fieldsOf(session))} do not get older`);
      }
      begin = oldest.msgId - 1;
    }
  }
}
