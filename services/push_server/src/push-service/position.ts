/** Where a phone has got to: what it has already. */
export interface Position {
  /** unix milliseconds: what has been kept since is to come */
  since: number;
  /** the phone has what was kept before */
  received: boolean;
}

/**
 * How far messages of a phone may come out of their order, milliseconds: one that was stored and not announced comes with the
 * next look into the mailboxes. A phone knows by their ids those that it gets twice.
 */
export const marginMs = 60_000;

/** An id by which a phone may say how far it has got. */
export function messageId(id: number, keptAt: number): string {
  return `${Math.floor(keptAt).toString(36)}-${id.toString(36)}`;
}

/** @param since of the query: the last id the phone has, seconds since 1970, `none` or `all`; null: all */
export function positionOf(since: string | null, now: number): Position {
  const [, keptAt] = /^([0-9a-z]{8,9})--?[0-9a-z]+$/.exec(since ?? '') ?? [];
  if (keptAt !== undefined) {
    const at = Math.min(Number.parseInt(keptAt, 36), now);
    return { since: Math.max(0, at - marginMs), received: true };
  }
  if (since === 'none') return { since: now, received: false };
  return { since: /^\d{1,10}$/.test(since ?? '') ? Number(since) * 1_000 : 0, received: false };
}
