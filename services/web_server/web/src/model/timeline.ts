import type { ShownMessage } from './content.js';
import type { Outgoing } from './outgoing.js';

/** What a conversation shows, from the oldest to the newest. */
export type TimelineItem =
  /** `day`: noon of that day, local time */
  | { kind: 'day'; key: string; day: Date }
  | { kind: 'unread'; key: string }
  /** `isFirst`: of several from one person in a row */
  | { kind: 'message'; key: string; message: ShownMessage; isFirst: boolean }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing };

/** Messages of one person within this time are one block, seconds. */
const blockSeconds = 300;

/** @param readUpTo the last message that was read when the conversation was opened; undefined: no line is shown */
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
 * The last message that was read, where `unread` messages of others after it are not; undefined when they reach back beyond
 * what is loaded.
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

/** Of a message's item. */
export function messageKey(id: number): string {
  return `message ${id}`;
}

/** From one local midnight to the next, unix seconds. Dates are made once a day: with thousands of messages they take time. */
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
