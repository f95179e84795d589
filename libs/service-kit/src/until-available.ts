import { isTransient, TeamTalkError } from './errors.js';
import type { Health } from './health.js';
import type { Logger } from './logger.js';

/** How long a service that starts waits for what it needs. */
export interface Patience {
  /** milliseconds, from the start of the service on; 0: everything is tried once */
  ms: number;
  /** ends the waiting */
  stop?: AbortSignal;
}

/** Pause after a failed attempt, milliseconds: twice as long each time, up to the longest. */
const pauseMs = { first: 250, longest: 2_000 };

/** Tries what a service cannot start without, under the name `/readyz` shows. */
export type UntilAvailable = <T>(name: string, attempt: () => Promise<T>) => Promise<T>;

/**
 * A service that ended while PostgreSQL or NATS is away would be started again with longer and longer pauses, and stay
 * down for minutes after they are back. So it stays, alive and not ready, and tries again.
 * @returns a function that tries until an attempt succeeds, or fails for a reason that will not pass; when patience is at
 * an end it throws what the last attempt did
 */
export function untilAvailable({ ms, stop }: Patience, health: Health, log: Logger): UntilAvailable {
  const end = performance.now() + ms;
  return async (name, attempt) => {
    for (let failures = 0; ; failures++) {
      try {
        const result = await unlessStopped(attempt(), stop);
        if (failures > 0) {
          health.removeCheck(name);
          log.info(`${name} is available`);
        }
        return result;
      } catch (error) {
        if (stop?.aborted || !isTransient(error) || performance.now() >= end) throw error;
        health.addCheck(name, () => false);
        if (failures === 0) log.warn({ err: error }, `${name} is not available; trying again`);
        else log.debug({ err: error }, `${name} is not available yet`);
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
    refuse = () => reject(new TeamTalkError('unavailable', 'told to stop before it was up'));
    if (stop.aborted) refuse();
    else stop.addEventListener('abort', refuse, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stop.removeEventListener('abort', refuse);
  }
}
