/** A set of whole numbers from 0 that lie close together, one bit each. */
export class BitSet {
  #bits: Uint8Array;
  #size = 0;

  /** @param room for numbers below this; it grows where one is larger */
  constructor(room = 8_192) {
    this.#bits = new Uint8Array(Math.ceil(room / 8));
  }

  get size(): number {
    return this.#size;
  }

  has(number: number): boolean {
    return ((this.#bits[Math.floor(number / 8)] ?? 0) & (1 << (number & 7))) !== 0;
  }

  /** @returns whether it is new */
  add(number: number): boolean {
    const index = Math.floor(number / 8);
    const mask = 1 << (number & 7);
    if (index >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(index + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    if ((this.#bits[index]! & mask) !== 0) return false;
    this.#bits[index]! |= mask;
    this.#size++;
    return true;
  }

  /** Those of this set that the other one lacks. */
  *missingIn(other: BitSet): Generator<number> {
    for (let index = 0; index < this.#bits.length; index++) {
      const rest = this.#bits[index]! & ~(other.#bits[index] ?? 0);
      for (let bit = 0; rest >>> bit > 0; bit++) if ((rest >>> bit) & 1) yield index * 8 + bit;
    }
  }
}
