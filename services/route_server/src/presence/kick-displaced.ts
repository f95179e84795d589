import { type Registry, rendezvous } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import type { Effects, Session } from '@teamtalk/routing';
import type { Kit } from '@teamtalk/service-kit';
import type { NodeSender } from '../node-sender.js';
import type { StatusNotifier } from './status-notifier.js';

const { KICK_REASON_DUPLICATE_USER } = IM.BaseDefine.KickReasonType;

interface Actors {
  kit: Pick<Kit, 'instance'>;
  nodes: NodeSender;
  statuses: StatusNotifier;
  routeServers: Registry;
}

/** Acts on changes that name no route_server: a msg_server died, or sent a snapshot. */
export function actOn(actors: Actors, effects: Effects, node: number): void {
  if (!actsFor(actors, node)) {
    actors.statuses.note(effects);
    return;
  }
  kickDisplaced(actors, effects);
  void actors.statuses.tell(effects);
}

export function kickDisplaced({ nodes }: Pick<Actors, 'nodes'>, { displaced }: Effects): void {
  for (const session of displaced) kickSession({ nodes }, session, KICK_REASON_DUPLICATE_USER);
}

export function kickSession(
  { nodes }: Pick<Actors, 'nodes'>,
  { userId, node, connectionId }: Session,
  reason: number,
): void {
  nodes.send(node, { kick: { userId, connectionId, reason, knowsWeb: true, knowsBots: true } });
}

/** Whether this route_server is the one that acts for a msg_server. */
function actsFor({ routeServers, kit }: Pick<Actors, 'routeServers' | 'kit'>, node: number): boolean {
  const others = routeServers.all().filter(({ instance }) => instance !== kit.instance);
  return rendezvous(node, [...others, { instance: kit.instance }])?.instance === kit.instance;
}
