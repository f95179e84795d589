import { asService, TestCluster } from '@teamtalk/cluster';
import { type ServiceName, traitsOf } from '@teamtalk/local-stack';
import type { ChaosServers } from './chaos-servers.js';
import { steppingClock } from './clock.js';
import type { Links, Server } from './links.js';

export interface ChaosClusterOptions {
  servers: ChaosServers;
  /** gets a link for each connection between them */
  links: Links;
  services: readonly ServiceName[];
  /** the folder of another checkout of this repository, built, whose services are run on this one's schema */
  checkout: string | undefined;
}

/** Processes of each service that faults are injected into. */
export const replicas = 2;
/** Index of one more msg_server, without faults. */
export const calm = 2;

/**
 * Processes of all services, each with its own links to PostgreSQL and NATS and, for db_proxy_servers, from their
 * callers.
 */
export async function startCluster({
  servers,
  links,
  services,
  checkout,
}: ChaosClusterOptions): Promise<TestCluster> {
  const count = (service: ServiceName) => (service === 'msg_server' ? calm + 1 : replicas);
  let started: TestCluster | undefined;
  for (const service of services) {
    for (let k = 0; k < count(service); k++) {
      await links.add('nats', service, k, servers.backend('nats').addresses);
      if (!traitsOf(service).database) continue;
      await links.add('postgres', service, k, servers.backend('postgres').addresses);
      await links.add('grpc', service, k, [
        () => (started ? [{ host: '127.0.0.1', port: started.port(service, k, 'grpc') }] : []),
      ]);
    }
  }
  return TestCluster.start({
    mode: 'processes',
    infrastructure: servers,
    ...(checkout !== undefined && { checkout }),
    ...Object.fromEntries(services.map((service) => [service, count(service)])),
    envOf: { msg_server: { MESSAGE_RATE: '0' } },
    envFor(service, k, cluster) {
      started = cluster;
      // Another version comes with the owner's role, as before an upgrade.
      const databaseUrl = checkout === undefined ? asService : (url: string) => url;
      const portsTo = (server: Server) => links.get(server, service, k).ports;
      return {
        NODE_OPTIONS: steppingClock,
        NATS_URL: servers.backend('nats').urlAt(portsTo('nats')),
        ...(traitsOf(service).database && {
          DATABASE_URL: databaseUrl(servers.backend('postgres').urlAt(portsTo('postgres'))),
          ADVERTISE_ADDRESS: `127.0.0.1:${portsTo('grpc')[0]}`,
        }),
      };
    },
  });
}
