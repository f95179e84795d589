import type { Kit, RpcTls } from '@teamtalk/service-kit';
import { ReplicaPool, syncPool } from './replica-pool.js';

/** How the pool learns of the db_proxy_servers; a Cluster of libs/bus. */
interface Follower<Registry> {
  follow(service: string, events: ReturnType<typeof syncPool>): Registry;
}

/**
 * A pool of connections to the live db_proxy_servers, with a readiness check: ready while there is one. It is closed when
 * the service stops.
 * @param tls undefined: no TLS
 */
export function connectStore<Registry>(
  { health, life, tracing }: Kit,
  cluster: Follower<Registry>,
  tls: RpcTls | undefined,
): { pool: ReplicaPool; dbProxies: Registry } {
  const pool = new ReplicaPool(tls, tracing);
  life.onStop('gRPC', () => pool.close());
  const dbProxies = cluster.follow('db_proxy_server', syncPool(pool));
  health.addCheck('db_proxy_server', () => pool.replicas.length > 0);
  return { pool, dbProxies };
}
