import type { Bus } from '@teamtalk/bus';
import {
  accounts,
  administration,
  apps,
  bots,
  broadcasts,
  consoles,
  files,
  groups,
  messages,
  pushes,
  type RpcServer,
  traces,
  webhooks,
} from '@teamtalk/rpc';
import { administerDepartments } from './accounts/administer-departments.js';
import { administerUsers } from './accounts/administer-users.js';
import { accountsRpc } from './accounts/rpc.js';
import { appsRpc } from './apps/rpc.js';
import { botsRpc } from './bots/rpc.js';
import { broadcastsRpc } from './broadcasts/rpc.js';
import { consoleRpc } from './console/rpc.js';
import type { Context } from './context.js';
import { administerDiscovery } from './discovery-items/administer-discovery.js';
import { filesRpc } from './files/rpc.js';
import { administerGroups } from './groups/administer-groups.js';
import { groupsRpc } from './groups/rpc.js';
import type { MessageStore } from './message-store.js';
import { appendMessages } from './messages/append/append-messages.js';
import { markRead } from './messages/append/mark-read.js';
import { messagesRpc } from './messages/rpc.js';
import { administerDevices } from './push/administer-devices.js';
import { pushRpc } from './push/rpc.js';
import { findMessage } from './trace/find-message.js';
import { webhooksRpc } from './webhooks/rpc.js';

/** Every gRPC service of proto/internal/db_proxy.proto, http_api.proto, console.proto, push.proto and trace.proto. */
export function serve(server: RpcServer, context: Context, store: MessageStore, bus: Bus): void {
  server.serve(accounts, accountsRpc(context));
  const groupHandlers = groupsRpc(context);
  server.serve(groups, groupHandlers);
  server.serve(files, filesRpc(context));
  server.serve(messages, {
    ...messagesRpc(context),
    append: appendMessages(store),
    markRead: markRead(store.readMarks),
  });
  server.serve(apps, appsRpc(context));
  const botHandlers = botsRpc(context);
  server.serve(bots, botHandlers);
  server.serve(broadcasts, broadcastsRpc(context, store.broadcasts));
  server.serve(webhooks, webhooksRpc(context));
  server.serve(pushes, pushRpc(context));
  const administrationHandlers = {
    ...administerUsers(context),
    ...administerDepartments(context),
    ...administerGroups(context),
    ...administerDiscovery(context),
    ...administerDevices(context),
  };
  server.serve(administration, administrationHandlers);
  server.serve(
    consoles,
    consoleRpc(context, {
      administration: administrationHandlers,
      groups: groupHandlers,
      bots: botHandlers,
      broadcasts: store.broadcasts,
      bus,
    }),
  );
  server.serve(traces, { findMessage: findMessage(context) });
}
