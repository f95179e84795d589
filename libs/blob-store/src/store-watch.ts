import type { Kit } from '@teamtalk/service-kit';
import type { BlobStore } from './blob-store.js';

const checkMs = 5_000;
const sweepMs = 3_600_000;
/** No upload takes so long; a file that old was left by a process that died. */
const abandonedMs = 24 * 3_600_000;

/**
 * Looks at the store now and every few seconds, as the health check `storage` and in the log, and sweeps it
 * once an hour. Ends with the service.
 */
export async function watchStore(store: BlobStore, { health, life, log }: Kit): Promise<void> {
  let up: boolean | undefined;
  const look = async () => {
    try {
      await store.check();
      if (up === false) log.info('the storage works again');
      up = true;
    } catch (error) {
      if (up !== false) log.error({ err: error }, 'the storage does not work');
      up = false;
    }
  };
  const sweep = async () => {
    try {
      const count = await store.sweep(abandonedMs);
      if (count > 0) log.info({ count }, 'removed what unfinished uploads had left');
    } catch (error) {
      log.warn({ err: error }, 'what unfinished uploads left cannot be removed');
    }
  };
  let looking = look();
  await looking;
  health.addCheck('storage', () => up === true);
  let sweeping = sweep();
  const checkTimer = setInterval(() => {
    looking = looking.then(look);
  }, checkMs);
  const sweepTimer = setInterval(() => {
    sweeping = sweeping.then(sweep);
  }, sweepMs);
  life.onStop('storage checks', async () => {
    clearInterval(checkTimer);
    clearInterval(sweepTimer);
    await Promise.all([looking, sweeping]);
  });
}
