/** A seeded generator. */
export class Random {
  #state: number;

  /** @param words the seed: such as a seed and a schedule's number */
  constructor(...words: number[]) {
    let state = 0x9e3779b9;
    for (const word of words) state = mix(state ^ mix(word >>> 0));
    this.#state = state;
  }

  /** from 0 to 1, exclusive */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    return mix(this.#state) / 2 ** 32;
  }

  /** a whole number, both ends included */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }

  chance(part: number): boolean {
    return this.next() < part;
  }
}

/** The finalizer of MurmurHash3. */
function mix(word: number): number {
  let hash = word >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
