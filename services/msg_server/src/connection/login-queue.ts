interface Advancing {
  readonly isOpen: boolean;
  advance(): void;
}

/**
 * Lets so many logins be under way at a time; the others wait for their turn, first come first served. When
 * twenty thousand clients come back at once, the services behind get no more than they can answer in time,
 * and nobody is turned away.
 */
export class LoginQueue<C extends Advancing> {
  readonly #max: number;
  readonly #waiting = new Set<C>();
  #underWay = 0;
  #turn: C | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Connections that wait; those that were closed meanwhile count until their turn comes. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether the connection has waited and may begin now. */
  isTurnOf(connection: C): boolean {
    return this.#turn === connection;
  }

  /** @returns true when the login has begun; otherwise the connection's `advance` is called at its turn */
  begin(connection: C): boolean {
    if (this.#turn !== connection && this.#underWay >= this.#max) {
      this.#waiting.add(connection);
      return false;
    }
    this.#underWay++;
    return true;
  }

  /** A login that has begun is over. */
  end(): void {
    this.#underWay--;
    for (const next of this.#waiting) {
      if (this.#underWay >= this.#max) return;
      this.#waiting.delete(next);
      if (!next.isOpen) continue;
      this.#turn = next;
      next.advance();
      this.#turn = undefined;
    }
  }
}
