import { isTransient, TeamTalkError } from './errors.js';
import type { Health } from './health.js';
import type { Logger } from './logger.js';

/** How long a starting service waits for its dependencies. */
export interface StartTimeout {
  /** milliseconds from the start of the service; 0: one attempt only */
  ms: number;
  /** ends the wait */
  stop?: AbortSignal;
}

/** Pause after a failed attempt, milliseconds: doubles each time up to the maximum. */
const pauseMs = { first: 250, longest: 2_000 };

/** Retries a step a service cannot start without, under the name `/readyz` shows. */
export type UntilAvailable = <T>(name: string, attempt: () => Promise<T>) => Promise<T>;

/**
 * If a service exited while PostgreSQL or NATS is down, its supervisor would back off and keep it down for minutes after
 * they are up again. So it stays alive but not ready, and retries.
 * @returns a function that retries until an attempt succeeds or fails permanently; at the timeout it throws the error of
 * the last attempt
 */
export function untilAvailable({ ms, stop }: StartTimeout, health: Health, log: Logger): UntilAvailable {
  const end = performance.now() + ms;
  return async (name, attempt) => {
    for (let failures = 0; ; failures++) {
      try {
        const result = await unlessStopped(attempt(), stop);
        if (failures > 0) {
          health.removeCheck(name);
          log.info({ dependency: name }, 'dependency available');
        }
        return result;
      } catch (error) {
        if (stop?.aborted || !isTransient(error) || performance.now() >= end) throw error;
        health.addCheck(name, () => false);
        if (failures === 0) log.warn({ err: error, dependency: name }, 'dependency unavailable; retrying');
        else log.debug({ err: error, dependency: name }, 'dependency still unavailable');
        const pause = Math.min(pauseMs.first * 2 ** failures, pauseMs.longest);
        await unlessStopped(new Promise((resolve) => setTimeout(resolve, pause)), stop);
      }
    }
  };
}

async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal | undefined): Promise<T> {
  if (!stop) return work;
  let refuse = () => {};
  const stopped = new Promise<never>((_, reject) => {
    refuse = () => reject(new TeamTalkError('unavailable', 'stopped before it was up'));
    if (stop.aborted) refuse();
    else stop.addEventListener('abort', refuse, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stop.removeEventListener('abort', refuse);
  }
}
