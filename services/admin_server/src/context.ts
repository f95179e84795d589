import { MemberPace } from '@teamtalk/administration';
import type { Bus, Cluster, Registry } from '@teamtalk/bus';
import { AnnouncedInstances } from '@teamtalk/observer';
import { connectStore, type ReplicaPool } from '@teamtalk/rpc';
import type { Kit, Logger } from '@teamtalk/service-kit';
import type { AdminServerConfig } from './config.js';
import { Live } from './live/live.js';
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
  'web_server',
  'admin_server',
] as const;

/** How long an instance that has gone without deregistering is called down, milliseconds. */
const goneMs = 300_000;

/** Group members that one account may add, remove or notify per second, and as a burst. */
const pace = { perSecond: 1_000, burst: 50_000 };

/** Dependencies shared by the parts of the service. */
export interface Context {
  readonly bus: Bus;
  readonly log: Logger;
  readonly memberPace: MemberPace;
  readonly loginServers: Registry;
  readonly msgServers: Registry;
  readonly fileServers: Registry;
  /** the instances of every service */
  readonly registries: readonly Registry[];
  readonly pool: ReplicaPool;
  readonly live: Live;
  /** display name of the sign-on provider; undefined: none is configured */
  readonly signOn: string | undefined;
  /** undefined: no pictures can be uploaded */
  readonly pictures: Pictures | undefined;
}

export function createContext(config: AdminServerConfig, kit: Kit, cluster: Cluster): Context {
  const { pool, dbProxies } = connectStore(kit, cluster, config.rpcTls);
  const instances = new AnnouncedInstances(goneMs);
  const follow = (service: string) => {
    const registry = cluster.follow(service, instances.events);
    instances.add(registry);
    return registry;
  };
  const followed = new Map(services.map((service) => [service, follow(service)]));
  const registryOf = (service: (typeof services)[number]) => followed.get(service) as Registry;
  follow('db_proxy_server');
  const { bus } = cluster;
  const msgServers = registryOf('msg_server');
  return {
    bus,
    log: kit.log,
    memberPace: new MemberPace(pace.perSecond, pace.burst),
    loginServers: registryOf('login_server'),
    msgServers,
    fileServers: registryOf('file_server'),
    registries: [...followed.values(), dbProxies],
    pool,
    live: new Live({ bus, instances, msgServers, services: [...services, 'db_proxy_server'] }),
    signOn: config.signOn?.name,
    pictures: config.msfs && new Pictures(config.msfs, kit.log),
  };
}
