import type { Logger, Tracing } from '@teamtalk/service-kit';
import { isTraced, secondsSince, traceId } from '@teamtalk/service-kit';
import type { Connection } from '../connection/connection.js';
import type { LocalUser, LocalUsers } from '../connection/local-users.js';
import type { MsgServerMetrics } from '../metrics.js';
import { recordDelivered } from '../tracing/delivery-span.js';
import { ConversationCursor } from './conversation-cursor.js';
import type { Conversation, DeliveredMessage } from './delivered-message.js';
import { type FetchRange, type FindVisible, GapRepairs } from './gap-repairs.js';
import type { NoticeText } from './notice-text.js';
import type { RecentTickets } from './recent-tickets.js';

const groupSession = 2;

/** Conversations of one user whose position is kept; the ones used first go first. */
const maxConversations = 512;
/** Messages before the first one that are looked for at most: of a conversation in a minute at 800 a second. */
const maxOpen = 50_000;
/** Groups a user left that are remembered while he is here; those left first go first. */
const maxLeftGroups = 64;

export interface DeliveriesOptions {
  users: LocalUsers;
  instance: number;
  tickets: RecentTickets;
  fetchRange: FetchRange;
  findVisible: FindVisible;
  noticeText: NoticeText;
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
  readonly #noticeText: NoticeText;
  readonly #metrics: MsgServerMetrics;
  readonly #log: Logger;
  readonly #debug: boolean;
  readonly #tracing: Tracing | undefined;
  readonly #repairs: GapRepairs;

  constructor(options: DeliveriesOptions) {
    this.#users = options.users;
    this.#noticeText = options.noticeText;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#debug = options.log.isLevelEnabled('debug');
    this.#tracing = options.tracing;
    this.#repairs = new GapRepairs({
      fetchRange: options.fetchRange,
      findVisible: options.findVisible,
      instance: options.instance,
      tickets: options.tickets,
      metrics: options.metrics,
      log: options.log,
      offer: (user, cursor, message) => this.#offer(user, cursor, message),
      release: (user, cursor) => this.#release(user, cursor),
      disconnect,
    });
  }

  /** Delivers a message to those of `userIds` who are here; those who are not are somebody else's. */
  deliver(conversation: Conversation, message: DeliveredMessage, userIds: readonly number[]): void {
    const tracing = this.#tracing && isTraced(message.originInstance, message.originTicket) && this.#tracing;
    const begin = tracing ? performance.now() : 0;
    const isGroup = conversation.sessionType === groupSession;
    let written = 0;
    for (const userId of userIds) {
      const user = this.#users.get(userId);
      if (!user) continue;
      if (isGroup && hasLeft(user, conversation.sessionId, message.groupVersion)) continue;
      const key = isGroup ? -conversation.sessionId : peerOf(conversation, userId);
      written += this.#deliverTo(user, key, conversation, message);
    }
    if (tracing) recordDelivered(tracing, conversation, message, { users: userIds.length, written, begin });
    if (this.#debug) {
      const trace = traceId(message.originInstance, message.originTicket);
      this.#log.debug({ trace, msgId: message.msgId, users: userIds.length, written }, 'message delivered');
    }
  }

  /**
   * A user was removed from a group. What is still under way to him is not delivered; should he come back,
   * he gets what is written from then on.
   * @param version of the group after the removal
   */
  leave(userId: number, groupId: number, version: number): void {
    const user = this.#users.get(userId);
    if (!user) return;
    const cursor = user.conversations?.get(-groupId);
    // A message to the members of a later version has come already: he is back.
    if (cursor && cursor.version > version) return;
    cursor?.close();
    user.conversations?.delete(-groupId);
    user.leftGroups ??= new Map();
    user.leftGroups.delete(groupId);
    user.leftGroups.set(groupId, version);
    for (const oldest of user.leftGroups.keys()) {
      if (user.leftGroups.size <= maxLeftGroups) break;
      user.leftGroups.delete(oldest);
    }
  }

  /**
   * The store may give numbers again that were delivered: nobody's position holds any more. Who had messages held
   * back is disconnected, and fetches them at the next login.
   */
  forgetAll(): void {
    for (const user of [...this.#users.all()]) {
      const cursors = [...(user.conversations?.values() ?? [])];
      user.conversations = undefined;
      if (cursors.some(({ gap }) => gap)) disconnect(user);
    }
  }

  stop(): void {
    this.#repairs.stop();
  }

  /** @returns PDUs written */
  #deliverTo(user: LocalUser, key: number, conversation: Conversation, message: DeliveredMessage): number {
    user.conversations ??= new Map();
    let cursor = user.conversations.get(key);
    if (!cursor) {
      if (user.conversations.size >= maxConversations) forgetOldest(user.conversations);
      if (message.openFrom === 0) {
        user.conversations.set(key, new ConversationCursor(message.msgId, message.groupVersion));
        return this.#write(user, message);
      }
      cursor = new ConversationCursor(firstOpen(message) - 1);
      user.conversations.set(key, cursor);
    }
    const written = this.#offer(user, cursor, message);
    if (cursor.gap) this.#repairs.watch(conversation, user, cursor);
    return written;
  }

  #offer(user: LocalUser, cursor: ConversationCursor<DeliveredMessage>, message: DeliveredMessage): number {
    if (cursor.offer(message.msgId, message, message.groupVersion) !== 'deliver') return 0;
    return this.#write(user, message) + this.#release(user, cursor);
  }

  #release(user: LocalUser, cursor: ConversationCursor<DeliveredMessage>): number {
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
    this.#measure(message.takenAt, written);
    return written;
  }

  #pduFor(connection: Connection, message: DeliveredMessage): Buffer {
    return this.#noticeText.appliesTo(connection) ? this.#noticeText.pduOf(message.pdu) : message.pdu;
  }

  /** @param written connections that got it just now */
  #measure(takenAt: number, written: number): void {
    if (takenAt === 0 || written === 0) return;
    const seconds = secondsSince(takenAt);
    for (let i = 0; i < written; i++) this.#metrics.deliverySeconds.observe(seconds);
  }
}

/** The first message that may still be under way to a user of whose conversation nothing was delivered yet. */
function firstOpen({ msgId, openFrom }: DeliveredMessage): number {
  return Math.max(openFrom, msgId - maxOpen);
}

function peerOf({ userId, sessionId }: Conversation, self: number): number {
  return self === userId ? sessionId : userId;
}

/** Whether a group message was meant for members of a version before the user's removal. */
function hasLeft(user: LocalUser, groupId: number, groupVersion: number): boolean {
  const left = user.leftGroups?.get(groupId);
  if (left === undefined) return false;
  if (groupVersion <= left) return true;
  user.leftGroups?.delete(groupId);
  return false;
}

/** What the user has got is not known any more: coming back, the clients fetch what they missed. */
function disconnect(user: LocalUser): void {
  for (const connection of [...user.connections]) connection.end('resync');
}

/** Forgets the conversation that was used first, unless something of it is held back. */
function forgetOldest(conversations: Map<number, ConversationCursor<DeliveredMessage>>): void {
  for (const [key, cursor] of conversations) {
    if (cursor.gap) continue;
    conversations.delete(key);
    return;
  }
}
