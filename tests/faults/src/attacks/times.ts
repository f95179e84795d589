import { setTimeout as delay } from 'node:timers/promises';

/** Whom witnesses are, and where they connect. */
export interface Watched {
  /** of a msg_server */
  port: number;
  /** where a login begins */
  loginServer: number;
  password: string;
  reader: { name: string; id: number };
  writer: { name: string };
  /** who logs in again and again */
  loginName: string;
}

/** What witnesses noticed: 99th percentiles of a message's way to its receiver, and of a login, milliseconds. */
export interface Noticed {
  messages: number;
  logins: number;
}

/** The times of an action that is repeated, milliseconds; one that fails counts as `failedMs`. */
export async function timesOf(
  times: number,
  action: () => Promise<unknown>,
  failedMs = 10_000,
): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const begin = performance.now();
    const isGood = await Promise.race([
      action().then(
        () => true,
        () => false,
      ),
      delay(failedMs, false, { ref: false }),
    ]);
    taken.push(isGood ? performance.now() - begin : failedMs);
  }
  return taken;
}

/** The 99th percentile. */
export function p99(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0);
}
