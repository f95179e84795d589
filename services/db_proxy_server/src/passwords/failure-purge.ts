import type { Kit } from '@teamtalk/service-kit';
import type { Logins } from '../repositories/logins.js';

const purgeMs = 60_000;

/**
 * Removes login failures that no longer count, once a minute. Every replica does; they do not disturb one
 * another.
 * @returns how to stop it
 */
export function startFailurePurge(logins: Logins, { log, metrics }: Kit): () => Promise<void> {
  const purged = metrics.counter('login_failures_purged_total', 'Names whose failed logins were forgotten');
  const failed = metrics.counter('login_failure_purges_failed_total', 'Purges that failed');
  let running: Promise<void> | undefined;

  async function purge(): Promise<void> {
    try {
      purged.inc(await logins.purgeFailures());
    } catch (error) {
      failed.inc();
      log.warn({ err: error }, 'old login failures could not be removed');
    }
  }
  const timer = setInterval(() => {
    running ??= purge().finally(() => {
      running = undefined;
    });
  }, purgeMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
