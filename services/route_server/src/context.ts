import type { Bus, Registry } from '@teamtalk/bus';
import type { Kit } from '@teamtalk/service-kit';
import type { NodeSender } from './node-sender.js';
import type { PresenceSync } from './presence/presence-sync.js';
import type { PresenceTable } from './presence/presence-table.js';
import type { StatusNotifier } from './presence/status-notifier.js';

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
