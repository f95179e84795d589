import { type Bus, Registry } from '@teamtalk/bus';
import type { ReplicaPool } from '@teamtalk/rpc';
import type { Logger } from '@teamtalk/service-kit';

/**
 * Keeps the pool equal to the db_proxy_servers that are alive. One that is stopping is left as soon as
 * there is another one: what it has not answered goes there.
 */
export function followReplicas(bus: Bus, log: Logger, pool: ReplicaPool): Registry {
  const sync = () => {
    const alive = registry.all().filter(({ rpcAddress }) => rpcAddress !== '');
    const working = alive.filter(({ draining }) => !draining);
    const wanted = working.length > 0 ? working : alive;
    for (const { instance } of pool.replicas) {
      if (!wanted.some((each) => each.instance === instance)) pool.remove(instance);
    }
    for (const { instance, rpcAddress } of wanted) pool.add({ instance, address: rpcAddress });
  };
  const registry = new Registry(bus, log, 'db_proxy_server', { onChange: sync, onGone: sync });
  return registry;
}
