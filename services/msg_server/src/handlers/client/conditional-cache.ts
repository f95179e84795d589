import { coalesce } from '@teamtalk/service-kit';

/** What db_proxy_server answers to ListUsers and ListDepartments, apart from the list. */
interface ListReply {
  latestUpdateTime: number;
  /** empty: it cannot be asked whether the answer is still right */
  etag: string;
  /** the answer with the etag that was sent along is still right; nothing else is in this one */
  unchanged: boolean;
}

/** Milliseconds after which a list is asked for anew, whatever its etag is said to be worth. */
const maxAgeMs = 60_000;

/**
 * Keeps what those who know nothing yet are answered (`since` 0), as it is sent to them. Each time db_proxy_server is
 * asked whether it is still right, and only when it is not for the list itself: so whatever was committed before the
 * question is in the answer. What changed since another time is never kept; few get the same.
 * @param ask `etag` is that of an answer that is still there; empty: none
 * @returns those who ask while an answer is on its way share the next
 */
export function conditionalCache<Reply extends ListReply, Encoded>(
  ask: (since: number, etag: string) => Promise<Reply>,
  encode: (reply: Reply) => Encoded,
): (since: number) => Promise<Encoded> {
  let cached: { encoded: Encoded; etag: string; until: number } | undefined;

  const everything = async (): Promise<Encoded> => {
    if (cached && performance.now() >= cached.until) cached = undefined;
    const until = performance.now() + maxAgeMs;
    const reply = await ask(0, cached?.etag ?? '');
    if (reply.unchanged && cached) return cached.encoded;
    const encoded = encode(reply);
    // One of the version before gives no etag; what others are asked about stays.
    if (reply.etag) cached = { encoded, etag: reply.etag, until };
    return encoded;
  };
  return coalesce(async (since) => (since === 0 ? everything() : encode(await ask(since, ''))));
}
