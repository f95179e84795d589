import type { Message, Session, TeamTalkClient } from '@teamtalk/client';

/** Messages that are loaded at once. */
export const pageSize = 50;

/**
 * The messages after one, at most a page of them, newest first; none when there is none up to `newest`. Servers page
 * backwards only, and ids have gaps where messages were removed: it looks for an id with no more than a page before it.
 */
export async function pageAfter(
  client: Pick<TeamTalkClient, 'history'>,
  session: Session,
  after: number,
  newest: number,
): Promise<Message[]> {
  /** There is nothing up to this id. */
  let nothing = after;
  /** A page up to this id does not reach back. */
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
