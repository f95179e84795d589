interface Line<T> {
  running: Promise<T>;
  /** Asked when `running` is over, for all who came meanwhile. */
  next?: Promise<T>;
}

/**
 * Makes one question of all that are the same and asked at a time: after a restart everybody asks for everything
 * at once. While an answer is on its way, those who come share the next one. That was asked for after they came,
 * so it knows of whatever had happened by then.
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
