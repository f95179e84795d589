import { every, type Kit } from '@teamtalk/service-kit';
import type { BlobStore } from './blob-store.js';

/** Milliseconds between checks while the store fails. Each check writes a file. */
const checkMs = 5_000;
/** While the store works, only every third check is made. */
const upEvery = 3;
const sweepMs = 3_600_000;
/** No upload takes this long: an older temporary file was left by a dead process. */
const abandonedMs = 24 * 3_600_000;

/**
 * Checks the store now and every few seconds, for the health check `storage` and the log, and sweeps it once an
 * hour, until the service stops.
 */
export async function watchStore(
  store: Pick<BlobStore, 'check' | 'sweep'>,
  { health, life, log }: Pick<Kit, 'health' | 'life' | 'log'>,
): Promise<void> {
  let up: boolean | undefined;
  let left = 0;
  const check = async () => {
    left = upEvery;
    try {
      await store.check();
      if (up === false) log.info('storage recovered');
      up = true;
    } catch (error) {
      if (up !== false) log.error({ err: error }, 'storage check failed');
      up = false;
    }
  };
  const sweep = async () => {
    try {
      const count = await store.sweep(abandonedMs);
      if (count > 0) log.info({ count }, 'removed leftovers of unfinished uploads');
    } catch (error) {
      log.warn({ err: error }, 'removing leftovers of unfinished uploads failed');
    }
  };
  await check();
  health.addCheck('storage', () => up === true);
  const firstSweep = sweep();
  const stopChecking = every(checkMs, () => {
    left--;
    return up && left > 0 ? undefined : check();
  });
  const stopSweeping = every(sweepMs, sweep);
  life.onStop('storage checks', async () => {
    await Promise.all([stopChecking(), stopSweeping(), firstSweep]);
  });
}
