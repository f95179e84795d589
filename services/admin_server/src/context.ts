import { MemberPace } from '@teamtalk/administration';
import type { Bus, Cluster, Registry } from '@teamtalk/bus';
import { connectStore, type ReplicaPool } from '@teamtalk/rpc';
import type { Kit, Logger } from '@teamtalk/service-kit';
import type { AdminServerConfig } from './config.js';
import { Pictures } from './pictures.js';

/** Services whose instances the overview lists. */
const services = [
  'login_server',
  'msg_server',
  'route_server',
  'http_msg_server',
  'push_server',
  'file_server',
  'msfs',
  'admin_server',
] as const;

/** Group members that one account may add, remove or notify per second, and as a burst. */
const pace = { perSecond: 1_000, burst: 50_000 };

/** Dependencies shared by the parts of the service. */
export interface Context {
  readonly bus: Bus;
  readonly log: Logger;
  readonly memberPace: MemberPace;
  readonly msgServers: Registry;
  /** the instances of every service */
  readonly registries: readonly Registry[];
  readonly pool: ReplicaPool;
  /** display name of the sign-on provider; undefined: none is configured */
  readonly signOn: string | undefined;
  /** undefined: no pictures can be uploaded */
  readonly pictures: Pictures | undefined;
}

export function createContext(config: AdminServerConfig, kit: Kit, cluster: Cluster): Context {
  const { pool, dbProxies } = connectStore(kit, cluster, config.rpcTls);
  const followed = new Map(services.map((service) => [service, cluster.follow(service)]));
  return {
    bus: cluster.bus,
    log: kit.log,
    memberPace: new MemberPace(pace.perSecond, pace.burst),
    msgServers: followed.get('msg_server') as Registry,
    registries: [...followed.values(), dbProxies],
    pool,
    signOn: config.signOn?.name,
    pictures: config.msfs && new Pictures(config.msfs, kit.log),
  };
}
