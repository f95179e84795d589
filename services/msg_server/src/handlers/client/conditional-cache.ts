import { coalesce } from '@teamtalk/service-kit';

/** The common fields of the replies to ListUsers and ListDepartments. */
interface ListReply {
  latestUpdateTime: number;
  /** empty: the reply cannot be revalidated */
  etag: string;
  /** the reply with the etag in the request is still valid; this one contains no list */
  unchanged: boolean;
}

/** Milliseconds after which a list is fetched again even if its etag is unchanged. */
const maxAgeMs = 60_000;

/**
 * Caches the encoded full list (`since` 0) and revalidates it by etag before every use, so that each response contains
 * everything committed before its request. Lists of changes since other times are not cached; few clients share one.
 * @param ask fetches a list; `etag` is that of the cached reply, or empty
 * @returns a function that returns the encoded list; concurrent calls are coalesced
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
    // A db_proxy_server of the previous version sends no etag; the reply cached from the others stays.
    if (reply.etag) cached = { encoded, etag: reply.etag, until };
    return encoded;
  };
  return coalesce(async (since) => (since === 0 ? everything() : encode(await ask(since, ''))));
}
