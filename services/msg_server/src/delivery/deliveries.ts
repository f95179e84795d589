import type { Logger, Tracing } from '@teamtalk/service-kit';
import { isTraced, secondsSince, traceId } from '@teamtalk/service-kit';
import type { Connection } from '../connection/connection.js';
import type { MsgServerMetrics } from '../metrics.js';
import { ConversationCursor } from './conversation-cursor.js';
import type { Conversation, DeliveredMessage } from './delivered-message.js';
import { recordDelivered } from './delivery-span.js';
import { type FetchRange, type FindVisible, GapFiller } from './gap-filler.js';
import type { LocalUser, LocalUsers } from './local-users.js';
import type { NoticeDowngrade } from './notice-downgrade.js';
import type { SenderCache } from './sender-cache.js';

type Cursor = ConversationCursor<DeliveredMessage>;

const groupSession = 2;

/** Cursors per user at most; the least recently used ones are evicted. */
const maxConversations = 16_384;
/** Number of cursors from which on their use is tracked. */
const lruThreshold = 1_024;
/** Cursors examined to find one to evict; those with a gap stay. */
const maxScanned = 16;

export interface DeliveriesOptions {
  users: LocalUsers;
  instance: number;
  senderCache: SenderCache;
  fetchRange: FetchRange;
  findVisible: FindVisible;
  noticeDowngrade: NoticeDowngrade;
  metrics: MsgServerMetrics;
  log: Logger;
  /** undefined: nothing is traced */
  tracing?: Tracing | undefined;
}

/**
 * Delivers stored messages to the connections of their users: per conversation in the order of their ids, once, and
 * without gaps, although events may arrive repeated, late or reordered.
 */
export class Deliveries {
  readonly #users: LocalUsers;
  readonly #noticeDowngrade: NoticeDowngrade;
  readonly #metrics: MsgServerMetrics;
  readonly #log: Logger;
  readonly #debug: boolean;
  readonly #tracing: Tracing | undefined;
  readonly #gapFiller: GapFiller;

  constructor(options: DeliveriesOptions) {
    this.#users = options.users;
    this.#noticeDowngrade = options.noticeDowngrade;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#debug = options.log.isLevelEnabled('debug');
    this.#tracing = options.tracing;
    this.#gapFiller = new GapFiller({
      fetchRange: options.fetchRange,
      findVisible: options.findVisible,
      instance: options.instance,
      senderCache: options.senderCache,
      metrics: options.metrics,
      log: options.log,
      offer: (user, cursor, message) => this.#offer(user, cursor, message),
      release: (user, cursor) => this.#release(user, cursor),
      disconnect,
    });
  }

  /** Delivers a message to those of `userIds` who are connected to this server. */
  deliver(conversation: Conversation, message: DeliveredMessage, userIds: readonly number[]): void {
    const tracing =
      this.#tracing && isTraced(message.originInstance, message.originRequestId) && this.#tracing;
    const begin = tracing ? performance.now() : 0;
    const isGroup = conversation.sessionType === groupSession;
    let written = 0;
    for (const userId of userIds) {
      const user = this.#users.get(userId);
      if (!user) continue;
      const key = isGroup ? -conversation.sessionId : peerOf(conversation, userId);
      written += this.#deliverTo(user, key, conversation, message);
    }
    if (tracing) recordDelivered(tracing, conversation, message, { users: userIds.length, written, begin });
    if (this.#debug) {
      const trace = traceId(message.originInstance, message.originRequestId);
      this.#log.debug({ trace, msgId: message.msgId, users: userIds.length, written }, 'message delivered');
    }
  }

  /**
   * Handles the removal of a user from a group. Messages still in flight to them are not delivered; if they rejoin,
   * delivery resumes with the messages sent from then on.
   * @param version of the group after the removal
   */
  leave(userId: number, groupId: number, version: number): void {
    const user = this.#users.get(userId);
    if (!user) return;
    let cursor = user.conversations?.get(-groupId);
    // A later version is known already: the user has rejoined or was removed once more.
    if (cursor && cursor.version > version) return;
    cursor ??= remember(user, -groupId, new ConversationCursor(0));
    cursor.close(version);
  }

  /**
   * Drops all cursors, because the store may reuse ids that were delivered. Users with buffered messages are
   * disconnected and fetch them after the next login.
   */
  forgetAll(): void {
    for (const user of [...this.#users.all()]) {
      const cursors = [...(user.conversations?.values() ?? [])];
      user.conversations = undefined;
      user.forgottenUpTo = 0;
      if (cursors.some(({ gap }) => gap)) disconnect(user);
    }
  }

  stop(): void {
    this.#gapFiller.stop();
  }

  /** @returns PDUs written */
  #deliverTo(user: LocalUser, key: number, conversation: Conversation, message: DeliveredMessage): number {
    let cursor = user.conversations?.get(key);
    if (cursor && isBeforeRemoval(cursor, message)) return 0;
    if (!cursor || cursor.closed) {
      if (!cursor && mayBeForgotten(user, message)) {
        disconnect(user);
        return 0;
      }
      const { msgId, openFrom, groupVersion } = message;
      cursor = remember(
        user,
        key,
        openFrom === 0
          ? new ConversationCursor(msgId - 1, groupVersion, cursor?.version)
          : new ConversationCursor(openFrom - 1, 0, cursor?.version),
      );
    } else if (user.conversations!.size >= lruThreshold) {
      user.conversations!.delete(key);
      user.conversations!.set(key, cursor);
    }
    if (message.outboxId > cursor.outboxId) cursor.outboxId = message.outboxId;
    const written = this.#offer(user, cursor, message);
    if (cursor.gap) this.#gapFiller.watch(conversation, user, cursor);
    return written;
  }

  #offer(user: LocalUser, cursor: Cursor, message: DeliveredMessage): number {
    if (cursor.offer(message.msgId, message, message.groupVersion) !== 'deliver') return 0;
    return this.#write(user, message) + this.#release(user, cursor);
  }

  #release(user: LocalUser, cursor: Cursor): number {
    let written = 0;
    for (let message = cursor.next(); message; message = cursor.next()) written += this.#write(user, message);
    return written;
  }

  #write(user: LocalUser, message: DeliveredMessage): number {
    let written = 0;
    for (const connection of user.connections) {
      if (connection.id === message.exceptConnection) continue;
      connection.push(this.#pduFor(connection, message));
      written++;
    }
    this.#metrics.delivered.value += written;
    this.#measure(message.receivedAt, written);
    return written;
  }

  #pduFor(connection: Connection, message: DeliveredMessage): Buffer {
    return this.#noticeDowngrade.appliesTo(connection)
      ? this.#noticeDowngrade.pduOf(message.pdu)
      : message.pdu;
  }

  /** @param written number of connections it was just written to */
  #measure(receivedAt: number, written: number): void {
    if (receivedAt === 0 || written === 0) return;
    const seconds = secondsSince(receivedAt);
    for (let i = 0; i < written; i++) this.#metrics.deliverySeconds.observe(seconds);
  }
}

function peerOf({ userId, sessionId }: Conversation, self: number): number {
  return self === userId ? sessionId : userId;
}

/** Whether a group message is from before the user's removal. */
function isBeforeRemoval(cursor: Cursor, { groupVersion }: DeliveredMessage): boolean {
  return groupVersion <= (cursor.closed ? cursor.version : cursor.leftAt);
}

/**
 * Whether a message of an unknown conversation may have been delivered before the conversation's cursor was evicted.
 * Everything delivered through evicted cursors has an `outboxId` of at most `forgottenUpTo`, which nearly all new
 * messages exceed. If earlier messages are still open, they may have been delivered, and their `outboxId` is not known.
 */
function mayBeForgotten({ forgottenUpTo }: LocalUser, { outboxId, openFrom }: DeliveredMessage): boolean {
  if (forgottenUpTo === 0 || outboxId === 0) return false;
  return outboxId <= forgottenUpTo || openFrom !== 0;
}

/** Disconnects a user whose position is unknown; the clients fetch what they missed when they reconnect. */
function disconnect(user: LocalUser): void {
  for (const connection of [...user.connections]) connection.end('resync');
}

function remember(user: LocalUser, key: number, cursor: Cursor): Cursor {
  user.conversations ??= new Map();
  if (user.conversations.size >= maxConversations) evictOne(user, user.conversations);
  user.conversations.delete(key);
  user.conversations.set(key, cursor);
  return cursor;
}

/** Evicts the least recently used cursor without a gap. */
function evictOne(user: LocalUser, conversations: Map<number, Cursor>): void {
  let scanned = 0;
  for (const [key, cursor] of conversations) {
    if (scanned++ === maxScanned) return;
    conversations.delete(key);
    if (!cursor.gap) {
      user.forgottenUpTo = Math.max(user.forgottenUpTo, cursor.outboxId);
      return;
    }
    conversations.set(key, cursor);
  }
}
