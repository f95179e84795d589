/** Largest id of a user, a group or a message: the columns are int4. */
const maxId = 0x7fff_ffff;

/** Whether a user or group id fits the database. Ids on the wire are unsigned 32-bit. */
export function isStorableId(id: number): boolean {
  return id > 0 && id <= maxId;
}

/** Clamps a message id or version from the wire to the range of the columns. */
export function clampToStorable(value: number): number {
  return Math.min(value, maxId);
}
