import { type Bus, type Cluster, type Heartbeat, type Registry, topics } from '@teamtalk/bus';
import { type Effects, noEffects, PresenceSync, PresenceTable } from '@teamtalk/routing';
import type { Kit } from '@teamtalk/service-kit';
import type { RouteServerConfig } from './config.js';
import { NodeSender } from './node-sender.js';
import { actOn } from './presence/kick-displaced.js';
import { StatusNotifier } from './presence/status-notifier.js';

/** Dependencies of route_server's handlers. */
export interface Context {
  readonly kit: Kit;
  readonly bus: Bus;
  readonly table: PresenceTable;
  readonly sync: PresenceSync;
  readonly nodes: NodeSender;
  readonly statuses: StatusNotifier;
  readonly msgServers: Registry;
  readonly routeServers: Registry;
}

export function createContext(
  { webIsPc }: Pick<RouteServerConfig, 'webIsPc'>,
  kit: Kit,
  cluster: Cluster,
): Context {
  const { life, log, metrics } = kit;
  const { bus } = cluster;
  const table = new PresenceTable({ webIsPc });
  metrics.gauge('sessions', 'Logged-in connections on all msg_servers', () => table.sessionCount);
  metrics.gauge('users', 'Users with a connection', () => table.userCount);
  const removals = metrics.counter(
    'msg_servers_lost_total',
    'msg_servers evicted because they fell silent without deregistering',
  );

  const removed = ({ instance }: { instance: number }) => {
    const effects = noEffects();
    table.removeNode(instance, effects);
    sync.forget(instance);
    act(effects, instance);
  };
  const msgServers: Registry = cluster.follow('msg_server', {
    onChange: (heartbeat: Heartbeat) => void sync.check(heartbeat),
    onGone: (heartbeat, deregistered) => {
      if (!deregistered) {
        removals.inc();
        // Before its users are reported as offline.
        bus.publish(topics.msgServerGone, { instance: heartbeat.instance });
      }
      removed(heartbeat);
    },
  });
  const routeServers = cluster.follow('route_server');
  const nodes = new NodeSender(
    bus,
    kit,
    (node) => table.hasSessions(node),
    (node) => forget(node),
  );
  const forget = (node: number) => {
    msgServers.forget(node);
    // It may have sessions here without ever having sent a heartbeat.
    removed({ instance: node });
  };
  bus.subscribe(topics.msgServerGone, ({ instance }) => forget(instance));
  const statuses = new StatusNotifier(table, nodes, msgServers);
  life.onStop('status changes', () => statuses.stop());
  const act = (effects: Effects, node: number) =>
    actOn({ kit, nodes, statuses, routeServers }, effects, node);
  const evicted = (node: number) => nodes.send(node, { evicted: {} });
  const sync = new PresenceSync({ bus, table, log, metrics, act, evicted });
  return { kit, bus, table, sync, nodes, statuses, msgServers, routeServers };
}
