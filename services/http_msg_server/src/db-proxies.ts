import { type Bus, Registry } from '@teamtalk/bus';
import { ReplicaPool } from '@teamtalk/rpc';
import type { Logger } from '@teamtalk/service-kit';

/**
 * A connection to every db_proxy_server that lives. One that is draining is kept: it still answers what it
 * was given, and ends the streams itself when it has.
 */
export function followDbProxies(bus: Bus, log: Logger): { pool: ReplicaPool; stop(): void } {
  const pool = new ReplicaPool();
  const registry = new Registry(bus, log, 'db_proxy_server', {
    onChange: ({ instance, rpcAddress }) => {
      if (rpcAddress) pool.add({ instance, address: rpcAddress });
    },
    onGone: ({ instance }) => pool.remove(instance),
  });
  return {
    pool,
    stop() {
      registry.stop();
      pool.close();
    },
  };
}
