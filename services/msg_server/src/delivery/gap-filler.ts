import type { Logger } from '@teamtalk/service-kit';
import type { MsgServerMetrics } from '../metrics.js';
import type { ConversationCursor } from './conversation-cursor.js';
import type { Conversation, DeliveredMessage } from './delivered-message.js';
import type { LocalUser } from './local-users.js';
import type { SenderCache } from './sender-cache.js';

/** A missing message may just be late: only after this long is it asked for, milliseconds. */
const fetchDelayMs = 50;
const retryMs = 250;
/** When nothing of a gap was closed for this long, what the store says it does not have is given up, milliseconds. */
const giveUpMs = 4_000;
/** When the store has not answered for this long, the user is disconnected, milliseconds. */
const maxWaitMs = 60_000;
/** Messages asked for at once. */
const maxRange = 200;
/** Ids one question about what is visible has: the answer brings the messages themselves. */
const maxVisibleIds = 8;
/** Users the store is asked about at once. */
const maxVisibilityChecks = 16;
/** Conversations that are asked for at once: after a fault many have gaps, and the store has others to serve. */
const maxAttempts = 32;

type Cursor = ConversationCursor<DeliveredMessage>;

/** A message as the store gives it for a range. */
export interface FetchedMessage {
  msgId: number;
  originInstance: number;
  originRequestId: number;
  pdu: Buffer;
}

/** Which messages of a group a user may see, of some ids; rejects when the store does not answer. */
export type FindVisible = (userId: number, groupId: number, msgIds: number[]) => Promise<number[]>;

/** Asks the store for consecutive messages of a conversation; rejects when it does not answer. */
export type FetchRange = (
  conversation: Conversation,
  first: number,
  last: number,
) => Promise<FetchedMessage[]>;

export interface GapFillerOptions {
  fetchRange: FetchRange;
  findVisible: FindVisible;
  instance: number;
  senderCache: SenderCache;
  metrics: MsgServerMetrics;
  log: Logger;
  /** Delivers a message and what was waiting behind it. */
  offer(user: LocalUser, cursor: Cursor, message: DeliveredMessage): void;
  /** Delivers what is no longer waiting. */
  release(user: LocalUser, cursor: Cursor): void;
  /** Ends the user's connections: coming back, the clients fetch what they missed. */
  disconnect(user: LocalUser): void;
}

/** What the store has answered: of the ids up to `upTo` it has `present`, ascending, and no others. */
interface Answer {
  upTo: number;
  present: number[];
}

/** Somebody who misses something. */
interface Waiting {
  user: LocalUser;
  /** what he had got when the gap was last seen to get smaller, and when that was: performance.now() */
  last: number;
  since: number;
}

interface Fill {
  key: string;
  conversation: Conversation;
  cursors: Map<Cursor, Waiting>;
  timer: NodeJS.Timeout;
}

/**
 * Closes gaps: one fill a conversation, however many users here miss the same messages.
 */
export class GapFiller {
  readonly #options: GapFillerOptions;
  readonly #fills = new Map<string, Fill>();
  /** those whose turn to ask has not come */
  readonly #queue: string[] = [];
  #attempts = 0;
  #stopped = false;

  constructor(options: GapFillerOptions) {
    this.#options = options;
  }

  /** Sees to it that the gap of `cursor` gets closed. */
  watch(conversation: Conversation, user: LocalUser, cursor: Cursor): void {
    if (this.#stopped) return;
    const key = keyOf(conversation);
    let fill = this.#fills.get(key);
    if (!fill) {
      fill = {
        key,
        conversation,
        cursors: new Map(),
        timer: this.#schedule(key, fetchDelayMs),
      };
      this.#fills.set(key, fill);
    }
    if (fill.cursors.has(cursor)) return;
    fill.cursors.set(cursor, { user, last: cursor.last, since: performance.now() });
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#fills.values()) clearTimeout(timer);
    this.#fills.clear();
  }

  #schedule(key: string, ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#queue.push(key);
      this.#runQueued();
    }, ms);
  }

  #runQueued(): void {
    while (this.#attempts < maxAttempts) {
      const key = this.#queue.shift();
      if (key === undefined) return;
      this.#attempts++;
      void this.#attempt(key).finally(() => {
        this.#attempts--;
        this.#runQueued();
      });
    }
  }

  async #attempt(key: string): Promise<void> {
    const fill = this.#fills.get(key);
    if (!fill) return;
    this.#forgetFilled(fill, 'late');
    let answer: Answer | undefined;
    if (fill.cursors.size > 0) {
      try {
        answer = await this.#fetch(fill);
      } catch (error) {
        this.#options.log.debug({ err: error }, 'fetching missing messages failed; retrying');
      }
      if (this.#stopped) return;
      this.#forgetFilled(fill, 'fetched');
    }
    const more = this.#giveUp(fill, answer) || answer?.present.length === maxRange;
    if (fill.cursors.size === 0) this.#fills.delete(key);
    else fill.timer = this.#schedule(key, more ? 0 : retryMs);
  }

  async #fetch({ conversation, cursors }: Fill): Promise<Answer | undefined> {
    await this.#skipInvisible(conversation, cursors);
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    for (const { gap } of cursors.keys()) {
      if (!gap) continue;
      first = Math.min(first, gap.first);
      last = Math.max(last, gap.last);
    }
    if (last === 0) return undefined;
    const upTo = Math.min(last, first + maxRange - 1);
    const messages = await this.#options.fetchRange(conversation, first, upTo);
    messages.sort((a, b) => a.msgId - b.msgId);
    const { instance, senderCache, offer } = this.#options;
    for (const { msgId, pdu, originInstance, originRequestId } of messages) {
      const exceptConnection = originInstance === instance ? senderCache.connectionOf(originRequestId) : 0;
      const message = {
        msgId,
        pdu,
        originInstance,
        originRequestId,
        exceptConnection,
        groupVersion: 0,
        openFrom: 0,
        receivedAt: 0,
        outboxId: 0,
      };
      for (const [cursor, { user }] of cursors) {
        // Beyond a user's own gap nobody has said that the message is for them; nor of what they may have been away
        // for, which may have turned out while the store was asked.
        if (cursor.gap && msgId <= cursor.gap.last && !cursor.mayHaveLeft) offer(user, cursor, message);
      }
    }
    const present = messages.map(({ msgId }) => msgId);
    // It may have ended early for its size: what comes after its last message is not known.
    return { upTo: present.at(-1) ?? upTo, present };
  }

  /** Those who may have left the group and come back are not given what was written meanwhile. */
  async #skipInvisible({ sessionId }: Conversation, cursors: Fill['cursors']): Promise<void> {
    const uncertain = [...cursors].filter(([cursor]) => cursor.mayHaveLeft);
    for (let i = 0; i < uncertain.length; i += maxVisibilityChecks) {
      const some = uncertain.slice(i, i + maxVisibilityChecks);
      await Promise.all(some.map(([cursor, { user }]) => this.#skipInvisibleTo(user, cursor, sessionId)));
    }
  }

  async #skipInvisibleTo(user: LocalUser, cursor: Cursor, groupId: number): Promise<void> {
    const { gap, version } = cursor;
    if (!gap) return;
    const visible = (ids: number[]) => this.#options.findVisible(user.id, groupId, ids);
    const first = await firstVisible(gap.first, gap.last, visible);
    // The members have changed again meanwhile: the next attempt asks anew.
    if (cursor.version !== version) return;
    // Not even what was sent to them: they were removed since, which is about to be told. Later versions tell more.
    if (first > gap.last) return;
    cursor.skipTo(first);
    this.#options.release(user, cursor);
  }

  /** Lets go of the users who miss nothing any more, or have gone. */
  #forgetFilled({ cursors }: Fill, outcome: 'late' | 'fetched'): void {
    for (const [cursor, { user }] of cursors) {
      const gone = user.connections.length === 0;
      if (cursor.gap && !gone) continue;
      cursors.delete(cursor);
      if (!gone) this.#options.metrics.gaps.inc({ outcome });
    }
  }

  /**
   * Goes on without what the store has answered that it does not have. That is final: a gap is known by a later
   * message, which is committed, and whoever numbers a message holds the conversation's row until the end of the
   * transaction. So all lower numbers were committed before the later one was given, and the answer comes from a
   * statement that began after that, on the primary: db_proxy_servers read from no replica. Without an answer
   * nothing is known, and nobody is waited for beyond all bounds.
   * @returns whether somebody goes on
   */
  #giveUp({ conversation, cursors }: Fill, answer: Answer | undefined): boolean {
    const { metrics, log, release, disconnect } = this.#options;
    const now = performance.now();
    let progressed = false;
    for (const [cursor, waiting] of cursors) {
      const { user } = waiting;
      if (cursor.last !== waiting.last) Object.assign(waiting, { last: cursor.last, since: now });
      const missing = missingFromStore(cursor, answer);
      const waited = now - waiting.since;
      if (!missing) {
        if (waited < maxWaitMs) continue;
        log.error(
          { ...conversation, userId: user.id, gap: cursor.gap },
          'missing messages unavailable; disconnecting receiver',
        );
        metrics.gaps.inc({ outcome: 'disconnected' });
        cursors.delete(cursor);
        disconnect(user);
      } else if (waited >= giveUpMs) {
        cursor.skipTo(missing.last + 1);
        metrics.gaps.inc({ outcome: 'given-up' });
        log.error({ ...conversation, userId: user.id, missing }, 'missing messages not in store; skipping');
        release(user, cursor);
        progressed = true;
        if (!cursor.gap) cursors.delete(cursor);
      }
    }
    return progressed;
  }
}

/** The ids the cursor waits for first, when the store does not have them. */
function missingFromStore(
  cursor: Cursor,
  answer: Answer | undefined,
): { first: number; last: number } | undefined {
  const { gap } = cursor;
  // Whose members changed meanwhile is asked about anew.
  if (!gap || !answer || cursor.mayHaveLeft || gap.first > answer.upTo) return undefined;
  const next = answer.present.find((msgId) => msgId >= gap.first) ?? answer.upTo + 1;
  const last = Math.min(next - 1, gap.last, cursor.firstBuffered - 1);
  return last < gap.first ? undefined : { first: gap.first, last };
}

function keyOf({ sessionType, userId, sessionId }: Conversation): string {
  if (sessionType === 2) return `group ${sessionId}`;
  return `pair ${Math.min(userId, sessionId)} ${Math.max(userId, sessionId)}`;
}

/**
 * The lowest id from `first` to `last` that is visible, or the one after `last`. Of a group a user sees
 * everything from some id on: a few questions are enough for any number of ids.
 */
async function firstVisible(
  first: number,
  last: number,
  visible: (ids: number[]) => Promise<number[]>,
): Promise<number> {
  let [low, high] = [first, last];
  while (low <= high) {
    const step = Math.max(1, Math.ceil((high - low) / (maxVisibleIds - 1)));
    const ids: number[] = [];
    for (let id = low; id < high; id += step) ids.push(id);
    ids.push(high);
    const lowest = Math.min(high + 1, ...(await visible(ids)));
    const below = ids.filter((id) => id < lowest).at(-1);
    if (below === undefined) return low;
    [low, high] = [below + 1, lowest - 1];
  }
  return low;
}
