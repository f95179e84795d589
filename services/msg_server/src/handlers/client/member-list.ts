import type { ListField } from '@teamtalk/protocol';

/** Ids in one request at most, as in db_proxy_server. */
const maxListedMembers = 10_000;

/**
 * The list of members in 0x0405 and 0x0407. One entry beyond the limit is decoded, so that the request is refused as
 * invalid.
 */
export function memberList(field: number): ListField & { max: number } {
  return { field, isNumbers: true, max: maxListedMembers + 1 };
}
