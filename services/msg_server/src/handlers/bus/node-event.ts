import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../../context.js';
import { broadcast } from './broadcast.js';
import { credentialsChanged } from './credentials-changed.js';
import type { deliverMessages } from './deliver-message.js';
import { evicted } from './evicted.js';
import { handleGroupChange } from './group-change.js';
import { kickUser } from './kick-user.js';
import { notifyStatus } from './notify-status.js';
import { notifyUsers } from './notify-users.js';

/**
 * Dispatches events that route_servers send to this msg_server, and that any service sends to all of them. Deliveries
 * and group changes are acknowledged once their PDUs are queued to the sockets.
 */
export function handleNodeEvent(context: Context, deliver: ReturnType<typeof deliverMessages>) {
  const changeGroup = handleGroupChange(context);
  const notify = notifyUsers(context);
  const kick = kickUser(context);
  const status = notifyStatus(context);
  const closeEvicted = evicted(context);
  const broadcastToAll = broadcast(context);
  const endOutdated = credentialsChanged(context);
  return (event: teamtalk.bus.NodeEvent): teamtalk.bus.Done.$Properties | undefined => {
    if (event.deliver) return deliver(event.deliver) ? {} : undefined;
    if (event.groupChange) {
      changeGroup(event.groupChange);
      return {};
    }
    if (event.notify) notify(event.notify);
    else if (event.kick) kick(event.kick);
    else if (event.status) status(event.status);
    else if (event.evicted) closeEvicted();
    else if (event.broadcast) broadcastToAll(event.broadcast);
    else if (event.credentialsChanged) endOutdated(event.credentialsChanged);
    return undefined;
  };
}
