import type { ShownMessage } from './content.js';
import type { Outgoing } from './outgoing.js';

/** The items of a conversation, oldest first. */
export type TimelineItem =
  /** `day`: noon of that day, local time */
  | { kind: 'day'; key: string; day: Date }
  | { kind: 'unread'; key: string }
  /** `isFirst`: the first of several messages in a row from one person */
  | { kind: 'message'; key: string; message: ShownMessage; isFirst: boolean }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing };

/** Messages of one person within this time form one block, seconds. */
const blockSeconds = 300;

/** @param readUpTo the last message read before the conversation was opened; undefined: no unread line */
export function timelineOf(
  messages: readonly ShownMessage[],
  outgoing: readonly Outgoing[],
  readUpTo: number | undefined,
  ownId: number,
): TimelineItem[] {
  const items: TimelineItem[] = [];
  let previous: ShownMessage | undefined;
  let day = { begin: 0, end: 0 };
  let isLineDrawn = readUpTo === undefined;
  for (const message of messages) {
    const isNewDay = message.time < day.begin || message.time >= day.end;
    if (isNewDay) day = dayOf(message.time);
    if (isNewDay) items.push({ kind: 'day', key: `day ${message.id}`, day: noonOf(message.time) });
    const isUnread = !isLineDrawn && message.id > readUpTo! && message.from !== ownId;
    if (isUnread) {
      items.push({ kind: 'unread', key: 'unread' });
      isLineDrawn = true;
    }
    const isFirst =
      isNewDay || isUnread || previous?.from !== message.from || message.time - previous.time > blockSeconds;
    items.push({ kind: 'message', key: messageKey(message.id), message, isFirst });
    previous = message;
  }
  for (const each of outgoing) items.push({ kind: 'outgoing', key: `outgoing ${each.key}`, outgoing: each });
  return items;
}

/**
 * The id of the last read message, given that `unread` messages of others are unread; undefined if they reach back beyond
 * the loaded messages.
 */
export function readUpTo(
  messages: readonly ShownMessage[],
  unread: number,
  ownId: number,
): number | undefined {
  let left = unread;
  for (const message of messages.toReversed()) {
    if (message.from !== ownId) left--;
    if (left === 0) return message.id - 1;
  }
  return undefined;
}

/** The key of a message's item. */
export function messageKey(id: number): string {
  return `message ${id}`;
}

/** The local day of a time, unix seconds. It is cached, because creating dates for thousands of messages is slow. */
function dayOf(seconds: number): { begin: number; end: number } {
  const midnight = new Date(seconds * 1000);
  midnight.setHours(0, 0, 0, 0);
  const begin = midnight.getTime() / 1000;
  midnight.setDate(midnight.getDate() + 1);
  return { begin, end: midnight.getTime() / 1000 };
}

function noonOf(seconds: number): Date {
  const day = new Date(seconds * 1000);
  day.setHours(12, 0, 0, 0);
  return day;
}
