/** Walks two sequences in the order of their ids together: each id once, with what either side has of it. */
export async function* merged<A, B>(
  one: AsyncIterable<A>,
  idOfOne: (each: A) => number,
  other: AsyncIterable<B>,
  idOfOther: (each: B) => number,
): AsyncGenerator<[id: number, one: A | undefined, other: B | undefined]> {
  const left = one[Symbol.asyncIterator]();
  const right = other[Symbol.asyncIterator]();
  let [a, b] = [await left.next(), await right.next()];
  while (!a.done || !b.done) {
    const idA = a.done ? Number.POSITIVE_INFINITY : idOfOne(a.value);
    const idB = b.done ? Number.POSITIVE_INFINITY : idOfOther(b.value);
    yield [
      Math.min(idA, idB),
      idA <= idB ? (a.value as A) : undefined,
      idB <= idA ? (b.value as B) : undefined,
    ];
    if (idA <= idB) a = await left.next();
    if (idB <= idA) b = await right.next();
  }
}
