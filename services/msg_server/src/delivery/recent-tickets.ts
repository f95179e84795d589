/** Entries are found again for at least this many later ones: four seconds at 30,000 messages a second. */
const capacity = 131_072;

/**
 * Which connection sent a message, and when, by the message's ticket: for a message that comes from the
 * store and not by its event, and for measuring. Old entries are overwritten.
 */
export class RecentTickets {
  readonly #tickets = new Uint32Array(capacity);
  readonly #connections = new Uint32Array(capacity);
  readonly #times = new Float64Array(capacity);

  /** @param now milliseconds of a monotonic clock */
  add(ticket: number, connectionId: number, now: number): void {
    const at = placeOf(ticket);
    this.#tickets[at] = ticket;
    this.#connections[at] = connectionId;
    this.#times[at] = now;
  }

  /** The connection that sent it; 0 when it is not known any more. */
  connectionOf(ticket: number): number {
    const at = placeOf(ticket);
    return this.#tickets[at] === ticket ? this.#connections[at]! : 0;
  }

  /** When it was taken in; undefined when it is not known any more. */
  timeOf(ticket: number): number | undefined {
    const at = placeOf(ticket);
    return this.#tickets[at] === ticket ? this.#times[at] : undefined;
  }
}

/** The lowest bit of a ticket is no part of its number. */
function placeOf(ticket: number): number {
  return (ticket >>> 1) % capacity;
}
