import { accounts, type ReplicaPool } from '@teamtalk/rpc';
import { every, type Kit } from '@teamtalk/service-kit';
import type { ClientBuilds } from './connection/client-builds.js';

const everyMs = 60_000;
/** Milliseconds the store has to record. */
const recordMs = 2_000;

/** Records once a minute, and at the end, what has been counted of clients. What cannot be recorded waits. */
export function recordClients(builds: ClientBuilds, pool: ReplicaPool, { life, log, metrics }: Kit): void {
  const failed = metrics.counter(
    'client_records_failed_total',
    'Attempts to record which clients have logged in that failed; they are repeated',
  );
  let failing = false;
  const record = async () => {
    const growth = builds.take();
    if (growth.length === 0) return;
    const clients = growth.map(({ clientVersion, isBot, faults, ...counts }) => ({
      ...counts,
      version: clientVersion,
      bot: isBot,
      faults: [...faults].map(([fault, count]) => ({ fault, count })),
    }));
    try {
      await pool.callOnce(accounts.recordClients, { clients }, recordMs);
      failing = false;
    } catch (error) {
      builds.giveBack(growth);
      failed.inc();
      if (!failing) log.warn({ err: error }, 'recording clients failed; retrying every minute');
      failing = true;
    }
  };
  const stop = every(everyMs, record);
  life.onStop('recording of clients', async () => {
    await stop();
    await record();
  });
}
