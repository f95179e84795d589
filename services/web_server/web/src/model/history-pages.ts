import type { Message, Session, TeamTalkClient } from '@teamtalk/client';

/** The number of messages in a page. */
export const pageSize = 50;

/**
 * The page of messages that follows `after`, newest first; empty if none exists up to `newest`. Servers page backwards only,
 * and ids have gaps where messages were removed, so it searches for an id with at most a page between `after` and it.
 */
export async function pageAfter(
  client: Pick<TeamTalkClient, 'history'>,
  session: Session,
  after: number,
  newest: number,
): Promise<Message[]> {
  /** No message has an id in (after, nothing]. */
  let nothing = after;
  /** A page that ends at this id does not reach back to `after`. */
  let tooFar = Number.POSITIVE_INFINITY;
  let end = after + pageSize;
  for (;;) {
    const begin = Math.min(end, newest);
    const page = await client.history(session, { begin, count: pageSize });
    const newer = page.filter(({ msgId }) => msgId > after);
    const first = newer.at(-1)?.msgId;
    if (first !== undefined && (newer.length < page.length || first === nothing + 1)) return newer;
    if (first !== undefined) tooFar = begin;
    else if (begin >= newest || begin + 1 >= tooFar) return [];
    else nothing = begin;
    end = tooFar < Number.POSITIVE_INFINITY ? Math.ceil((nothing + tooFar) / 2) : after + 2 * (begin - after);
  }
}
