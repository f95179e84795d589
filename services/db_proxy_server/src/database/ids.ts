/** Largest id a user, a group or a message can have: the store's columns are int4. */
const maxId = 0x7fff_ffff;

/** Whether the store can have a user or group of this id. The wire's ids are unsigned 32-bit. */
export function isStorableId(id: number): boolean {
  return id > 0 && id <= maxId;
}

/** A message id or version of the wire, cut to what the store can hold. */
export function clampToStorable(value: number): number {
  return Math.min(value, maxId);
}
