/** How far a phone has read. */
export interface Position {
  /** unix milliseconds: messages kept after this time are sent */
  since: number;
  /** the phone has received the messages kept before */
  received: boolean;
}

/**
 * Milliseconds by which messages of a phone may be out of order: one that was stored but not announced is only found by the
 * next read of the mailboxes. Phones recognise duplicates by their ids.
 */
export const marginMs = 60_000;

/** A message id that a phone can send back as its position. */
export function messageId(id: number, keptAt: number): string {
  return `${Math.floor(keptAt).toString(36)}-${id.toString(36)}`;
}

/** @param since query parameter: the last id the phone has received, unix seconds, `none` or `all`; null: all */
export function positionOf(since: string | null, now: number): Position {
  const [, keptAt] = /^([0-9a-z]{8,9})--?[0-9a-z]+$/.exec(since ?? '') ?? [];
  if (keptAt !== undefined) {
    const at = Math.min(Number.parseInt(keptAt, 36), now);
    return { since: Math.max(0, at - marginMs), received: true };
  }
  if (since === 'none') return { since: now, received: false };
  return { since: /^\d{1,10}$/.test(since ?? '') ? Number(since) * 1_000 : 0, received: false };
}
