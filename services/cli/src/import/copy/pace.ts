import { setTimeout as sleep } from 'node:timers/promises';

const longestPauseMs = 10_000;

/**
 * Pauses after each read of the source, so that it is busy with the import for at most `percent` of the time.
 *
 * @param percent from 1 to 100, which is no pause
 */
export function paceOf(percent: number): (busyMs: number) => Promise<void> {
  const factor = 100 / percent - 1;
  return async (busyMs) => {
    const pauseMs = Math.min(busyMs * factor, longestPauseMs);
    if (pauseMs >= 1) await sleep(pauseMs);
  };
}
