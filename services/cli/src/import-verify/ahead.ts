/** The items of a generator; while one is used, the next is prepared. */
export async function* ahead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = items.next();
  for (;;) {
    const { done, value } = await next;
    if (done) return;
    next = items.next();
    // Nobody waits for it if the consumer ends early.
    next.catch(() => {});
    yield value as T;
  }
}
