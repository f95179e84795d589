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

/** Conversations of one user whose position is kept, at about 120 bytes each; those not used for longest go first. */
const maxConversations = 16_384;
/** From so many on it is noted which are used. */
const lruThreshold = 1_024;
/** How many are looked at for one to forget: those with messages held back stay. */
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
 * Brings stored messages to the connections of their users: in the order of their ids in each
 * conversation, once, none left out. Events may come twice, late or in another order.
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

  /** Delivers a message to those of `userIds` who are here; those who are not are somebody else's. */
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
   * A user was removed from a group. What is still in flight to them is not delivered; should they come back,
   * they get what is written from then on.
   * @param version of the group after the removal
   */
  leave(userId: number, groupId: number, version: number): void {
    const user = this.#users.get(userId);
    if (!user) return;
    let cursor = user.conversations?.get(-groupId);
    // Something later has come already: they are back, or were removed once more.
    if (cursor && cursor.version > version) return;
    cursor ??= remember(user, -groupId, new ConversationCursor(0));
    cursor.close(version);
  }

  /**
   * The store may give numbers again that were delivered: nobody's position holds any more. Who had messages held
   * back is disconnected, and fetches them at the next login.
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

  /** @param written connections that got it just now */
  #measure(receivedAt: number, written: number): void {
    if (receivedAt === 0 || written === 0) return;
    const seconds = secondsSince(receivedAt);
    for (let i = 0; i < written; i++) this.#metrics.deliverySeconds.observe(seconds);
  }
}

function peerOf({ userId, sessionId }: Conversation, self: number): number {
  return self === userId ? sessionId : userId;
}

/** Whether a group message is for the members of a version before the user was removed. */
function isBeforeRemoval(cursor: Cursor, { groupVersion }: DeliveredMessage): boolean {
  return groupVersion <= (cursor.closed ? cursor.version : cursor.leftAt);
}

/**
 * Whether a message of a conversation that is not known may have been delivered before the conversation was forgotten.
 * What was delivered of those that are forgotten has an `outboxId` of at most `forgottenUpTo`, so nearly all messages
 * are above. If some before this one are open, those may have been delivered: their ids say nothing.
 */
function mayBeForgotten({ forgottenUpTo }: LocalUser, { outboxId, openFrom }: DeliveredMessage): boolean {
  if (forgottenUpTo === 0 || outboxId === 0) return false;
  return outboxId <= forgottenUpTo || openFrom !== 0;
}

/** What the user has got is not known any more: coming back, the clients fetch what they missed. */
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

/** Forgets the conversation that was not used for longest. */
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
