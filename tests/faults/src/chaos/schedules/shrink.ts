/**
 * The smallest part of a list that still fails, found by leaving out ever smaller pieces (delta debugging).
 * @param fails whether a part, in the order of the list, fails; asked `budget` times at most
 */
export async function shrink<T>(
  list: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
  budget: number,
): Promise<readonly T[]> {
  let failing = list;
  let left = budget;
  for (let pieces = 2; failing.length > 1 && left > 0; ) {
    const size = Math.ceil(failing.length / pieces);
    let smaller: readonly T[] | undefined;
    for (let begin = 0; begin < failing.length && left > 0; begin += size) {
      const part = [...failing.slice(0, begin), ...failing.slice(begin + size)];
      left--;
      if (!(await fails(part))) continue;
      smaller = part;
      break;
    }
    if (smaller) {
      failing = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size > 1) {
      pieces = Math.min(failing.length, pieces * 2);
    } else {
      break;
    }
  }
  return failing;
}
