/** Entries are found again for at least this many later ones: four seconds at 30,000 messages a second. */
const capacity = 131_072;

/**
 * Which connection sent a message, by the message's request id: for a message that comes from the store and not by its
 * event. Old entries are overwritten.
 */
export class SenderCache {
  readonly #requestIds = new Uint32Array(capacity);
  readonly #connections = new Uint32Array(capacity);

  add(requestId: number, connectionId: number): void {
    const at = placeOf(requestId);
    this.#requestIds[at] = requestId;
    this.#connections[at] = connectionId;
  }

  /** The connection that sent it; 0 when it is not known any more. */
  connectionOf(requestId: number): number {
    const at = placeOf(requestId);
    return this.#requestIds[at] === requestId ? this.#connections[at]! : 0;
  }
}

/** The lowest bit of a request id is no part of its number. */
function placeOf(requestId: number): number {
  return (requestId >>> 1) % capacity;
}
