/** Table `message`, and what is staged for it, by a hash of the conversation. */
export const partitions = 16;
/** Tables that are read, and partitions that are finished, at a time. */
export const lanes = 2;

/** One where the load is limited: what is at work during a pause of another would be too much. */
export function lanesFor({ isLimited }: { isLimited: boolean }): number {
  return isLimited ? 1 : lanes;
}
