import type { Logger } from '@teamtalk/service-kit';
import type { MsgServerMetrics } from '../metrics.js';
import type { ConversationCursor } from './conversation-cursor.js';
import type { Conversation, DeliveredMessage } from './delivered-message.js';
import type { LocalUser } from './local-users.js';
import type { SenderCache } from './sender-cache.js';

/** Milliseconds before a missing message, which may only be late, is fetched. */
const fetchDelayMs = 50;
const retryMs = 250;
/** Milliseconds without progress after which messages that the store does not have are given up. */
const giveUpMs = 4_000;
/** Milliseconds without a response from the store after which the user is disconnected. */
const maxWaitMs = 60_000;
/** Messages per fetch. */
const maxRange = 200;
/** Ids per visibility check; few, because the response contains the messages themselves. */
const maxVisibleIds = 8;
/** Concurrent visibility checks of one conversation. */
const maxVisibilityChecks = 16;
/** Concurrent fetches: after a fault many conversations have gaps, and the store has other work to do. */
const maxAttempts = 32;

type Cursor = ConversationCursor<DeliveredMessage>;

/** A message fetched from the store. */
export interface FetchedMessage {
  msgId: number;
  originInstance: number;
  originRequestId: number;
  pdu: Buffer;
}

/** Returns which of some messages of a group a user may see; rejects when the store does not respond. */
export type FindVisible = (userId: number, groupId: number, msgIds: number[]) => Promise<number[]>;

/** Fetches consecutive messages of a conversation; rejects when the store does not respond. */
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
  /** Delivers a message and those buffered behind it. */
  offer(user: LocalUser, cursor: Cursor, message: DeliveredMessage): void;
  /** Delivers buffered messages that have become due. */
  release(user: LocalUser, cursor: Cursor): void;
  /** Ends the user's connections; the clients fetch what they missed when they reconnect. */
  disconnect(user: LocalUser): void;
}

/** The store's response: of the requested ids up to `upTo` it has exactly `present`, ascending. */
interface Answer {
  upTo: number;
  present: number[];
}

/** A user with a gap. */
interface Waiting {
  user: LocalUser;
  /** the cursor's position when it last made progress, and the time of that: performance.now() */
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
 * Fills gaps in deliveries from the store, with one fill per conversation however many users miss its messages.
 */
export class GapFiller {
  readonly #options: GapFillerOptions;
  readonly #fills = new Map<string, Fill>();
  /** keys of fills that are due but wait for a free attempt */
  readonly #queue: string[] = [];
  #attempts = 0;
  #stopped = false;

  constructor(options: GapFillerOptions) {
    this.#options = options;
  }

  /** Starts filling the gap of `cursor`. */
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
        // Beyond a user's own gap it is not known that the message is for them, nor after they may have left, which may
        // have become known during the fetch.
        if (cursor.gap && msgId <= cursor.gap.last && !cursor.mayHaveLeft) offer(user, cursor, message);
      }
    }
    const present = messages.map(({ msgId }) => msgId);
    // The store may have cut the response short by size: nothing is known beyond its last message.
    return { upTo: present.at(-1) ?? upTo, present };
  }

  /** Skips messages sent while users who may have left the group and rejoined were away. */
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
    // The members have changed during the check; the next attempt repeats it.
    if (cursor.version !== version) return;
    // Nothing is visible: the user was removed since, and the event that says so is on its way.
    if (first > gap.last) return;
    cursor.skipTo(first);
    this.#options.release(user, cursor);
  }

  /** Drops cursors whose gap is filled or whose user is gone. */
  #forgetFilled({ cursors }: Fill, outcome: 'late' | 'fetched'): void {
    for (const [cursor, { user }] of cursors) {
      const gone = user.connections.length === 0;
      if (cursor.gap && !gone) continue;
      cursors.delete(cursor);
      if (!gone) this.#options.metrics.gaps.inc({ outcome });
    }
  }

  /**
   * Skips messages that the store does not have and disconnects users for whom it has not responded in time. A missing
   * message cannot appear later: the gap became known by a later message, which is committed, and numbering a message
   * locks the conversation's row until the transaction ends. So all lower ids that exist were committed before, and the
   * fetch reads from the primary after that.
   * @returns whether a cursor has skipped messages
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

/** The ids the cursor waits for first, if the store does not have them. */
function missingFromStore(
  cursor: Cursor,
  answer: Answer | undefined,
): { first: number; last: number } | undefined {
  const { gap } = cursor;
  // After a change of members the visibility check comes first.
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
 * The lowest visible id from `first` to `last`, or `last` + 1. Visibility begins at some id and has no holes, so a
 * search with a few queries is enough. If it changes meanwhile, nothing counts as visible.
 */
async function firstVisible(
  first: number,
  last: number,
  visible: (ids: number[]) => Promise<number[]>,
): Promise<number> {
  let [low, high] = [first, last];
  while (low <= high) {
    const step = Math.max(1, Math.ceil((high - low) / (maxVisibleIds - 2)));
    const ids: number[] = [];
    for (let id = low; id < high; id += step) ids.push(id);
    ids.push(high);
    // What was visible before has to be so still: the user may have been removed since.
    const known = high < last ? high + 1 : undefined;
    const seen = await visible(known === undefined ? ids : [...ids, known]);
    if (known !== undefined && !seen.includes(known)) return last + 1;
    const lowest = Math.min(high + 1, ...seen);
    const below = ids.filter((id) => id < lowest).at(-1);
    if (below === undefined) return low;
    [low, high] = [below + 1, lowest - 1];
  }
  return low;
}
