import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether a caller with this `app_key` may use the API. */
export type AppKeyCheck = (appKey: string | undefined) => boolean;

/** @param keys the allowed ones; undefined lets everybody in */
export function appKeyCheck(keys: readonly string[] | undefined): AppKeyCheck {
  if (!keys) return () => true;
  // Digests have one length, so the comparison tells nothing about a key by its time.
  const digests = keys.map(digest);
  return (appKey) => {
    if (appKey === undefined) return false;
    const given = digest(appKey);
    return digests.filter((each) => timingSafeEqual(each, given)).length > 0;
  };
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
