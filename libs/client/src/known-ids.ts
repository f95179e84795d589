/** Acks and deliveries that overtake each other cannot make more gaps than this. */
const MAX_RANGES = 1024;

/**
 * The known message ids of one conversation, as ranges. Ids have no gaps and arrive almost in order, so there is nearly
 * always one range, which takes one step to extend.
 */
export class KnownIds {
  /** first, last, first, last, ...: ascending, with at least one unknown id between two ranges. */
  #bounds: number[] = [];

  /** Every id up to this one is known; 0 when the first is not. */
  get floor(): number {
    return this.#bounds[0] === 1 ? this.#bounds[1]! : 0;
  }

  has(id: number): boolean {
    const at = this.#rangeUpTo(id);
    return at >= 0 && id <= this.#bounds[at + 1]!;
  }

  /** @returns false when the id was known already. */
  add(id: number): boolean {
    const bounds = this.#bounds;
    const at = this.#rangeUpTo(id);
    if (at >= 0 && id <= bounds[at + 1]!) return false;
    const touchesLower = at >= 0 && bounds[at + 1] === id - 1;
    const touchesUpper = bounds[at + 2] === id + 1;
    if (touchesLower && touchesUpper) bounds.splice(at + 1, 2);
    else if (touchesLower) bounds[at + 1] = id;
    else if (touchesUpper) bounds[at + 2] = id;
    else bounds.splice(at + 2, 0, id, id);
    if (bounds.length > 2 * MAX_RANGES) this.cover(bounds[3]!);
    return true;
  }

  /** Makes every id from 1 to this one known. */
  cover(id: number): void {
    if (id < 1) return;
    const at = this.#rangeUpTo(id + 1);
    const last = at >= 0 ? Math.max(id, this.#bounds[at + 1]!) : id;
    this.#bounds.splice(0, at + 2, 1, last);
  }

  /** The index of the last range that starts at or below `id`, or -2. Searched from the end, where most ids are added. */
  #rangeUpTo(id: number): number {
    let at = this.#bounds.length - 2;
    while (at >= 0 && this.#bounds[at]! > id) at -= 2;
    return at;
  }
}
