/** Partitions of table `message` and its staging table, by a hash of the conversation. */
export const partitions = 16;
/** Tables read, or partitions finished, concurrently. */
export const lanes = 2;

/** One if the load is limited, because another lane would work during a pause. */
export function lanesFor({ isLimited }: { isLimited: boolean }): number {
  return isLimited ? 1 : lanes;
}
