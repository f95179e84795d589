/** A set of positive whole numbers that lie close together, a bit each. */
export class SerialSet {
  #bits = new Uint8Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(serial: number): boolean {
    return ((this.#bits[serial >>> 3] ?? 0) & (1 << (serial & 7))) !== 0;
  }

  add(serial: number): void {
    if (this.has(serial)) return;
    const index = serial >>> 3;
    if (index >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(index + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[index]! |= 1 << (serial & 7);
    this.#size++;
  }

  /** Those of this set that the other one lacks, counted. */
  countMissingIn(other: SerialSet, told: (serial: number) => void): number {
    let missing = 0;
    for (let index = 0; index < this.#bits.length; index++) {
      const rest = this.#bits[index]! & ~(other.#bits[index] ?? 0);
      for (let bit = 0; rest >>> bit > 0; bit++) {
        if (!((rest >>> bit) & 1)) continue;
        missing++;
        told(index * 8 + bit);
      }
    }
    return missing;
  }
}
