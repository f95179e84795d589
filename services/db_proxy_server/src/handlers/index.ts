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
import type { Context } from '../context.js';
import type { MessageStore } from '../message-store.js';
import { addOfflineFile, claimFileAnnouncements, confirmFileAnnouncements } from './add-offline-file.js';
import { administerDepartments } from './administer-departments.js';
import { administerDiscovery } from './administer-discovery.js';
import { administerGroups } from './administer-groups.js';
import { administerUsers } from './administer-users.js';
import { appendMessages } from './append-messages.js';
import { changeAvatar } from './change-avatar.js';
import {
  addFilePart,
  completeFileTask,
  cutFileParts,
  extendFileTask,
  listExpiredFileTasks,
  removeFileTasks,
} from './change-file-task.js';
import { changeMembers } from './change-members.js';
import { changeSignature } from './change-signature.js';
import { claimWebhookEvents } from './claim-webhook-events.js';
import { createBroadcast } from './create-broadcast.js';
import { createFileTask } from './create-file-task.js';
import { createGroup } from './create-group.js';
import { deleteOfflineFile } from './delete-offline-file.js';
import { findMessage } from './find-message.js';
import { finishWebhookEvents } from './finish-webhook-events.js';
import { getBroadcast } from './get-broadcast.js';
import { getFileTask } from './get-file-task.js';
import { getGroups } from './get-groups.js';
import { getHistory } from './get-history.js';
import { getLatestMessageId } from './get-latest-message-id.js';
import { getMessages } from './get-messages.js';
import { getPushShield } from './get-push-shield.js';
import { getRecentSessions } from './get-recent-sessions.js';
import { getStoredRange } from './get-stored-range.js';
import { getUnread } from './get-unread.js';
import { getUsers } from './get-users.js';
import { listApps } from './list-apps.js';
import { listDepartments } from './list-departments.js';
import { listGroups } from './list-groups.js';
import { listOfflineFiles } from './list-offline-files.js';
import { listUsers } from './list-users.js';
import { logIn } from './log-in.js';
import { login } from './login.js';
import { markRead } from './mark-read.js';
import { removeSession } from './remove-session.js';
import { setDeviceToken } from './set-device-token.js';
import { setPushShield } from './set-push-shield.js';
import { shieldGroup } from './shield-group.js';
import { useNonce } from './use-nonce.js';

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
