/** Later messages after which an entry is overwritten. */
const capacity = 131_072;

/**
 * Maps a message's request id to the connection that sent it, which a message fetched from the store does not name.
 * Old entries are overwritten.
 */
export class SenderCache {
  readonly #requestIds = new Uint32Array(capacity);
  readonly #connections = new Uint32Array(capacity);

  add(requestId: number, connectionId: number): void {
    const at = placeOf(requestId);
    this.#requestIds[at] = requestId;
    this.#connections[at] = connectionId;
  }

  /** The connection that sent the message; 0: not known any more. */
  connectionOf(requestId: number): number {
    const at = placeOf(requestId);
    return this.#requestIds[at] === requestId ? this.#connections[at]! : 0;
  }
}

/** The lowest bit of a request id is a flag. */
function placeOf(requestId: number): number {
  return (requestId >>> 1) % capacity;
}
