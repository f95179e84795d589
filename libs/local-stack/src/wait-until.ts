export interface WaitOptions {
  /** milliseconds; 20 s when left out */
  timeoutMs?: number;
  /** what is waited for, for the error's text */
  what: string;
  /** polling interval, milliseconds; 10 when left out */
  everyMs?: number;
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/**
 * Polls `condition` until it returns a truthy value, and returns that. A condition that throws counts as not met.
 * @throws Error naming `what` on timeout; `cause` is the condition's last error, if it threw
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 20_000, what, everyMs = 10 }: WaitOptions,
): Promise<Truthy<T>> {
  const end = performance.now() + timeoutMs;
  let failure: unknown;
  let last: T | undefined;
  for (;;) {
    try {
      failure = undefined;
      last = await condition();
      if (last) return last as Truthy<T>;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= end) {
      throw new Error(`${what}: not within ${timeoutMs} ms (last: ${describe(failure ?? last)})`, {
        cause: failure,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function describe(value: unknown): string {
  return value instanceof Error ? value.message : String(value);
}
