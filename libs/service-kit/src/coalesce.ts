interface Line<T> {
  running: Promise<T>;
  /** Starts when `running` is done, for all callers that arrived meanwhile. */
  next?: Promise<T>;
}

/**
 * Coalesces equal concurrent requests, since after a restart every client sends the same ones. Callers that arrive while
 * a request is running share the next one. That one starts after they called, so its result is recent enough for them.
 */
export function coalesce<T>(ask: (since: number) => Promise<T>): (since: number) => Promise<T> {
  const lines = new Map<number, Line<T>>();
  const begin = (since: number): Promise<T> => {
    const line: Line<T> = {
      running: ask(since).finally(() => {
        if (!line.next) lines.delete(since);
      }),
    };
    lines.set(since, line);
    return line.running;
  };
  return (since) => {
    const line = lines.get(since);
    if (!line) return begin(since);
    const beginNext = () => begin(since);
    line.next ??= line.running.then(beginNext, beginNext);
    return line.next;
  };
}
