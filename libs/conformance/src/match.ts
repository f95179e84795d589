/** What an answer is compared with: a value, or a function that accepts values. */
export type Expected<T> =
  | ((actual: T) => boolean)
  | (T extends Uint8Array
      ? Uint8Array
      : T extends readonly (infer E)[]
        ? readonly Expected<E>[]
        : T extends object
          ? { readonly [K in keyof T]?: Expected<T[K]> }
          : T);

/**
 * Describes the first difference of a value from the expected one; undefined when there is none. Of an object only the
 * given fields are compared; a list must have exactly the given entries, in this order.
 */
export function difference(actual: unknown, expected: unknown, path = ''): string | undefined {
  if (typeof expected === 'function') {
    return (expected as (value: unknown) => boolean)(actual)
      ? undefined
      : `${path || 'it'} is ${show(actual)}`;
  }
  if (expected instanceof Uint8Array) {
    const same = actual instanceof Uint8Array && Buffer.compare(actual, expected) === 0;
    return same ? undefined : `${path} is ${show(actual)} instead of ${show(expected)}`;
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${path} is no list`;
    if (actual.length !== expected.length) {
      return `${path} has ${actual.length} entries instead of ${expected.length}: ${show(actual)}`;
    }
    return firstOf(expected.map((entry, i) => difference(actual[i], entry, `${path}[${i}]`)));
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return `${path || 'it'} is ${show(actual)}`;
    const entries = Object.entries(expected).filter(([, value]) => value !== undefined);
    return firstOf(
      entries.map(([key, value]) => {
        return difference((actual as Record<string, unknown>)[key], value, path ? `${path}.${key}` : key);
      }),
    );
  }
  return Object.is(actual, expected) ? undefined : `${path} is ${show(actual)} instead of ${show(expected)}`;
}

function firstOf(list: readonly (string | undefined)[]): string | undefined {
  return list.find((entry) => entry !== undefined);
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) {
    return `${value.length} bytes ${Buffer.from(value.subarray(0, 24)).toString('hex')}`;
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** @throws Error with the text `otherwise` unless it holds */
export function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** @throws Error that names the first difference from the expected value */
export function expectMatch<T>(actual: T, expected: Expected<T>, what: string): void {
  const problem = difference(actual, expected);
  if (problem) throw new Error(`${what}: ${problem}`);
}
