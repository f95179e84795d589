import {
  accounts,
  apps,
  broadcasts,
  files,
  groups,
  messages,
  type RpcServer,
  traces,
  webhooks,
} from '@teamtalk/rpc';
import { administerDepartments } from './accounts/administer-departments.js';
import { administerUsers } from './accounts/administer-users.js';
import { changeAvatar } from './accounts/change-avatar.js';
import { changeSignature } from './accounts/change-signature.js';
import { getPushShield } from './accounts/get-push-shield.js';
import { getUsers } from './accounts/get-users.js';
import { listDepartments } from './accounts/list-departments.js';
import { listUsers } from './accounts/list-users.js';
import { logIn } from './accounts/log-in.js';
import { login } from './accounts/login.js';
import { setDeviceToken } from './accounts/set-device-token.js';
import { setPushShield } from './accounts/set-push-shield.js';
import { listApps } from './apps/list-apps.js';
import { useNonce } from './apps/use-nonce.js';
import { createBroadcast } from './broadcasts/create-broadcast.js';
import { getBroadcast } from './broadcasts/get-broadcast.js';
import type { Context } from './context.js';
import { administerDiscovery } from './discovery/administer-discovery.js';
import {
  addOfflineFile,
  claimFileAnnouncements,
  confirmFileAnnouncements,
} from './files/add-offline-file.js';
import {
  addFilePart,
  completeFileTask,
  cutFileParts,
  extendFileTask,
  listExpiredFileTasks,
  removeFileTasks,
} from './files/change-file-task.js';
import { createFileTask } from './files/create-file-task.js';
import { deleteOfflineFile } from './files/delete-offline-file.js';
import { getFileTask } from './files/get-file-task.js';
import { listOfflineFiles } from './files/list-offline-files.js';
import { administerGroups } from './groups/administer-groups.js';
import { changeMembers } from './groups/change-members.js';
import { createGroup } from './groups/create-group.js';
import { getGroups } from './groups/get-groups.js';
import { listGroups } from './groups/list-groups.js';
import { shieldGroup } from './groups/shield-group.js';
import type { MessageStore } from './message-store.js';
import { appendMessages } from './messages/append/append-messages.js';
import { markRead } from './messages/append/mark-read.js';
import { getHistory } from './messages/get-history.js';
import { getLatestMessageId } from './messages/get-latest-message-id.js';
import { getMessages } from './messages/get-messages.js';
import { getRecentSessions } from './messages/get-recent-sessions.js';
import { getStoredRange } from './messages/get-stored-range.js';
import { getUnread } from './messages/get-unread.js';
import { removeSession } from './messages/remove-session.js';
import { findMessage } from './trace/find-message.js';
import { claimWebhookEvents } from './webhooks/claim-webhook-events.js';
import { finishWebhookEvents } from './webhooks/finish-webhook-events.js';

/** Every RPC of proto/internal/db_proxy.proto, http_api.proto and trace.proto. */
export function serve(server: RpcServer, context: Context, store: MessageStore): void {
  const checkLogin = login(context);
  server.stream(accounts.logIn, logIn(context.kit, checkLogin));
  server.unary(accounts.login, checkLogin);
  server.unary(accounts.listUsers, listUsers(context));
  server.unary(accounts.getUsers, getUsers(context));
  server.unary(accounts.listDepartments, listDepartments(context));
  server.unary(accounts.changeAvatar, changeAvatar(context));
  server.unary(accounts.changeSignature, changeSignature(context));
  server.unary(accounts.setDeviceToken, setDeviceToken(context));
  server.unary(accounts.setPushShield, setPushShield(context));
  server.unary(accounts.getPushShield, getPushShield(context));

  server.unary(groups.listGroups, listGroups(context));
  server.unary(groups.getGroups, getGroups(context));
  server.unary(groups.createGroup, createGroup(context));
  server.unary(groups.changeMembers, changeMembers(context));
  server.unary(groups.shieldGroup, shieldGroup(context));

  server.unary(files.addOfflineFile, addOfflineFile(context));
  server.unary(files.claimFileAnnouncements, claimFileAnnouncements(context));
  server.unary(files.confirmFileAnnouncements, confirmFileAnnouncements(context));
  server.unary(files.listOfflineFiles, listOfflineFiles(context));
  server.unary(files.deleteOfflineFile, deleteOfflineFile(context));
  server.unary(files.createFileTask, createFileTask(context));
  server.unary(files.getFileTask, getFileTask(context));
  server.unary(files.addFilePart, addFilePart(context));
  server.unary(files.cutFileParts, cutFileParts(context));
  server.unary(files.completeFileTask, completeFileTask(context));
  server.unary(files.extendFileTask, extendFileTask(context));
  server.unary(files.listExpiredFileTasks, listExpiredFileTasks(context));
  server.unary(files.removeFileTasks, removeFileTasks(context));

  server.unary(apps.listApps, listApps(context));
  server.unary(apps.useNonce, useNonce(context));
  server.unary(broadcasts.createBroadcast, createBroadcast(context, store.broadcasts));
  server.unary(broadcasts.getBroadcast, getBroadcast(context));
  server.unary(webhooks.claimEvents, claimWebhookEvents(context));
  server.unary(webhooks.finishEvents, finishWebhookEvents(context));
  administerUsers(server, context);
  administerDepartments(server, context);
  administerGroups(server, context);
  administerDiscovery(server, context);

  server.stream(messages.append, appendMessages(store));
  server.stream(messages.markRead, markRead(store.readMarks));
  server.unary(messages.getHistory, getHistory(context));
  server.unary(messages.getMessages, getMessages(context));
  server.unary(messages.getLatestMessageId, getLatestMessageId(context));
  server.unary(messages.getUnread, getUnread(context));
  server.unary(messages.getRecentSessions, getRecentSessions(context));
  server.unary(messages.removeSession, removeSession(context));
  server.unary(messages.getStoredRange, getStoredRange(context));

  server.unary(traces.findMessage, findMessage(context));
}
