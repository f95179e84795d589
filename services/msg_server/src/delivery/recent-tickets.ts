/** Entries are found again for at least this many later ones: four seconds at 30,000 messages a second. */
const capacity = 131_072;

/**
 * Which connection sent a message, by the message's ticket: for a message that comes from the store and not by its
 * event. Old entries are overwritten.
 */
export class RecentTickets {
  readonly #tickets = new Uint32Array(capacity);
  readonly #connections = new Uint32Array(capacity);

  add(ticket: number, connectionId: number): void {
    const at = placeOf(ticket);
    this.#tickets[at] = ticket;
    this.#connections[at] = connectionId;
  }

  /** The connection that sent it; 0 when it is not known any more. */
  connectionOf(ticket: number): number {
    const at = placeOf(ticket);
    return this.#tickets[at] === ticket ? this.#connections[at]! : 0;
  }
}

/** The lowest bit of a ticket is no part of its number. */
function placeOf(ticket: number): number {
  return (ticket >>> 1) % capacity;
}
