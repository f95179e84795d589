import { teamtalk as consoleApi } from '../gen/console.js';
import type { teamtalk } from '../gen/http_api.js';
import { consoleApps, consolePushes, consoleWebhooks } from './console-apps.js';
import type { ConsolePermission } from './console-rights.js';
import { administration, bots, groups, type Method, methodAt } from './definitions.js';

const board = consoleApi.console;

/** proto/internal/console.proto, service ConsoleWork; reachable only through Console.Call. */
export const consoleWork = {
  getCounts: methodAt('teamtalk.console.ConsoleWork/GetCounts', board.CountsRequest, board.Counts),
  getQueues: methodAt('teamtalk.console.ConsoleWork/GetQueues', board.QueuesRequest, board.Queues),
  listClients: methodAt('teamtalk.console.ConsoleWork/ListClients', board.ClientsRequest, board.ClientList),
  getSchema: methodAt('teamtalk.console.ConsoleWork/GetSchema', board.SchemaRequest, board.Schema),
  getImportProgress: methodAt(
    'teamtalk.console.ConsoleWork/GetImportProgress',
    board.ImportProgressRequest,
    board.ImportProgress,
  ),
  listAuditEvents: methodAt(
    'teamtalk.console.ConsoleWork/ListAuditEvents',
    board.AuditEventsRequest,
    board.AuditEventList,
  ),
  verifyAudit: methodAt(
    'teamtalk.console.ConsoleWork/VerifyAudit',
    board.VerifyAuditRequest,
    board.AuditVerdict,
  ),
  listApps: methodAt('teamtalk.console.ConsoleWork/ListApps', board.ListAppsRequest, board.AppList),
  listWebhooks: methodAt(
    'teamtalk.console.ConsoleWork/ListWebhooks',
    board.ListWebhooksRequest,
    board.WebhookList,
  ),
  leaveGroups: methodAt(
    'teamtalk.console.ConsoleWork/LeaveGroups',
    board.LeaveGroupsRequest,
    board.ChangedGroups,
  ),
  rejoinGroups: methodAt(
    'teamtalk.console.ConsoleWork/RejoinGroups',
    board.RejoinGroupsRequest,
    board.ChangedGroups,
  ),
  mergeDepartment: methodAt(
    'teamtalk.console.ConsoleWork/MergeDepartment',
    board.MergeDepartmentRequest,
    board.MergeDepartmentReply,
  ),
  createUserImport: methodAt(
    'teamtalk.console.ConsoleWork/CreateUserImport',
    board.CreateUserImportRequest,
    board.UserImportReply,
  ),
  chooseUsers: methodAt(
    'teamtalk.console.ConsoleWork/ChooseUsers',
    board.ChooseUsersRequest,
    board.UserImportReply,
  ),
  addUserImportRows: methodAt(
    'teamtalk.console.ConsoleWork/AddUserImportRows',
    board.AddUserImportRowsRequest,
    board.UserImportRowsReply,
  ),
  listUserImports: methodAt(
    'teamtalk.console.ConsoleWork/ListUserImports',
    board.ListUserImportsRequest,
    board.UserImportList,
  ),
  getUserImport: methodAt(
    'teamtalk.console.ConsoleWork/GetUserImport',
    board.UserImportRequest,
    board.UserImportReply,
  ),
  listUserImportRows: methodAt(
    'teamtalk.console.ConsoleWork/ListUserImportRows',
    board.ListUserImportRowsRequest,
    board.UserImportRowsReply,
  ),
  runUserImport: methodAt(
    'teamtalk.console.ConsoleWork/RunUserImport',
    board.UserImportRequest,
    board.UserImportReply,
  ),
  undoUserImport: methodAt(
    'teamtalk.console.ConsoleWork/UndoUserImport',
    board.UserImportRequest,
    board.UserImportReply,
  ),
  confirmCutOff: methodAt(
    'teamtalk.console.ConsoleWork/ConfirmCutOff',
    board.ConfirmCutOffRequest,
    board.UserImportReply,
  ),
  changeGroupsOfChosen: methodAt(
    'teamtalk.console.ConsoleWork/ChangeGroupsOfChosen',
    board.UserImportRequest,
    board.GroupsOfChosen,
  ),
  issueImportPasswords: methodAt(
    'teamtalk.console.ConsoleWork/IssueImportPasswords',
    board.IssueImportPasswordsRequest,
    board.IssuedPasswords,
  ),
  listSavedViews: methodAt(
    'teamtalk.console.ConsoleWork/ListSavedViews',
    board.SavedViewsRequest,
    board.SavedViewList,
  ),
  saveView: methodAt('teamtalk.console.ConsoleWork/SaveView', board.SavedView, board.ViewReply),
  renameView: methodAt('teamtalk.console.ConsoleWork/RenameView', board.RenameViewRequest, board.ViewReply),
  deleteView: methodAt('teamtalk.console.ConsoleWork/DeleteView', board.DeleteViewRequest, board.ViewReply),
  listAccounts: methodAt(
    'teamtalk.console.ConsoleWork/ListAccounts',
    board.ListAccountsRequest,
    board.AccountList,
  ),
  createAccount: methodAt(
    'teamtalk.console.ConsoleWork/CreateAccount',
    board.CreateAccountRequest,
    board.Invitation,
  ),
  changeAccount: methodAt(
    'teamtalk.console.ConsoleWork/ChangeAccount',
    board.ChangeAccountRequest,
    board.AccountReply,
  ),
  deleteAccount: methodAt(
    'teamtalk.console.ConsoleWork/DeleteAccount',
    board.AccountRequest,
    board.AccountReply,
  ),
  inviteAccount: methodAt(
    'teamtalk.console.ConsoleWork/InviteAccount',
    board.AccountRequest,
    board.Invitation,
  ),
  endAccountSessions: methodAt(
    'teamtalk.console.ConsoleWork/EndAccountSessions',
    board.AccountRequest,
    board.AccountReply,
  ),
  unlockAccount: methodAt(
    'teamtalk.console.ConsoleWork/UnlockAccount',
    board.AccountRequest,
    board.AccountReply,
  ),
  listLoginFailures: methodAt(
    'teamtalk.console.ConsoleWork/ListLoginFailures',
    board.LoginFailuresRequest,
    board.LoginFailureList,
  ),
  unlockUser: methodAt(
    'teamtalk.console.ConsoleWork/UnlockUser',
    board.LoginFailuresRequest,
    board.AccountReply,
  ),
  getUserStanding: methodAt(
    'teamtalk.console.ConsoleWork/GetUserStanding',
    board.UserStandingRequest,
    board.UserStanding,
  ),
  resetSecondFactor: methodAt(
    'teamtalk.console.ConsoleWork/ResetSecondFactor',
    board.AccountRequest,
    board.AccountReply,
  ),
  beginSecondFactor: methodAt(
    'teamtalk.console.ConsoleWork/BeginSecondFactor',
    board.BeginSecondFactorRequest,
    board.NewSecondFactor,
  ),
  confirmSecondFactor: methodAt(
    'teamtalk.console.ConsoleWork/ConfirmSecondFactor',
    board.CodeRequest,
    board.RecoveryCodes,
  ),
  renewRecoveryCodes: methodAt(
    'teamtalk.console.ConsoleWork/RenewRecoveryCodes',
    board.CodeRequest,
    board.RecoveryCodes,
  ),
  removeSecondFactor: methodAt(
    'teamtalk.console.ConsoleWork/RemoveSecondFactor',
    board.CodeRequest,
    board.RecoveryCodes,
  ),
  listOwnSessions: methodAt(
    'teamtalk.console.ConsoleWork/ListOwnSessions',
    board.OwnSessionsRequest,
    board.SessionList,
  ),
  endOwnSession: methodAt(
    'teamtalk.console.ConsoleWork/EndOwnSession',
    board.EndOwnSessionRequest,
    board.AccountReply,
  ),
  changeOwnPassword: methodAt(
    'teamtalk.console.ConsoleWork/ChangeOwnPassword',
    board.ChangeOwnPasswordRequest,
    board.AccountReply,
  ),
} as const;

/** proto/internal/console.proto, service Lifecycle; reachable only through Console.Call. */
export const lifecycle = {
  getRetention: methodAt('teamtalk.console.Lifecycle/GetRetention', board.RetentionRequest, board.Retention),
  setRetention: methodAt(
    'teamtalk.console.Lifecycle/SetRetention',
    board.SetRetentionRequest,
    board.LifecycleReply,
  ),
  removeRetention: methodAt(
    'teamtalk.console.Lifecycle/RemoveRetention',
    board.LifecycleId,
    board.LifecycleReply,
  ),
  listHolds: methodAt('teamtalk.console.Lifecycle/ListHolds', board.HoldsRequest, board.HoldList),
  placeHold: methodAt('teamtalk.console.Lifecycle/PlaceHold', board.SubjectRequest, board.LifecycleReply),
  releaseHold: methodAt('teamtalk.console.Lifecycle/ReleaseHold', board.LifecycleId, board.LifecycleReply),
  listExports: methodAt('teamtalk.console.Lifecycle/ListExports', board.ExportsRequest, board.ExportList),
  requestExport: methodAt(
    'teamtalk.console.Lifecycle/RequestExport',
    board.SubjectRequest,
    board.LifecycleReply,
  ),
  approveExport: methodAt('teamtalk.console.Lifecycle/ApproveExport', board.LifecycleId, board.ApproveReply),
  listErasures: methodAt('teamtalk.console.Lifecycle/ListErasures', board.ErasuresRequest, board.ErasureList),
  eraseUser: methodAt('teamtalk.console.Lifecycle/EraseUser', board.EraseUserRequest, board.EraseReply),
} as const;

/** proto/internal/console.proto, service ConsoleBroadcasts: only by Console.Call. */
export const consoleBroadcasts = {
  listBroadcasts: methodAt(
    'teamtalk.console.ConsoleBroadcasts/ListBroadcasts',
    board.BroadcastsRequest,
    board.BroadcastList,
  ),
  previewBroadcast: methodAt(
    'teamtalk.console.ConsoleBroadcasts/PreviewBroadcast',
    board.PreviewBroadcastRequest,
    board.BroadcastPreview,
  ),
  orderBroadcast: methodAt(
    'teamtalk.console.ConsoleBroadcasts/OrderBroadcast',
    board.OrderBroadcastRequest,
    board.BroadcastReply,
  ),
  cancelBroadcast: methodAt(
    'teamtalk.console.ConsoleBroadcasts/CancelBroadcast',
    board.CancelBroadcastRequest,
    board.BroadcastReply,
  ),
} as const;

/** proto/internal/console.proto, service ConsoleGroups: only by Console.Call. */
export const consoleGroups = {
  handOverGroup: methodAt(
    'teamtalk.console.ConsoleGroups/HandOverGroup',
    board.HandOverGroupRequest,
    board.GroupOutcome,
  ),
  announceInGroup: methodAt(
    'teamtalk.console.ConsoleGroups/AnnounceInGroup',
    board.AnnounceInGroupRequest,
    board.GroupOutcome,
  ),
  dissolveGroup: methodAt(
    'teamtalk.console.ConsoleGroups/DissolveGroup',
    board.DissolvedGroupRequest,
    board.GroupOutcome,
  ),
  listDissolvedGroups: methodAt(
    'teamtalk.console.ConsoleGroups/ListDissolvedGroups',
    board.DissolvedGroupsRequest,
    board.DissolvedGroupList,
  ),
  restoreGroup: methodAt(
    'teamtalk.console.ConsoleGroups/RestoreGroup',
    board.DissolvedGroupRequest,
    board.GroupOutcome,
  ),
} as const;

type AnyMethod = Method<never, unknown, never, unknown>;
type Needs = (request: unknown) => readonly ConsolePermission[];

/** @param needed permissions that are all required; none: any session suffices */
function row(method: object, ...needed: ConsolePermission[]): [string, Needs] {
  return [(method as AnyMethod).path, () => needed];
}

/** The permissions a request needs, by method path. Methods that are not listed cannot be called from the console. */
export const consoleMethods: ReadonlyMap<string, Needs> = new Map([
  row(consoleWork.getCounts, 'overview:read'),
  row(consoleWork.getQueues, 'overview:read'),
  row(consoleWork.listClients, 'overview:read'),
  row(consoleWork.getSchema, 'overview:read'),
  row(consoleWork.getImportProgress, 'overview:read'),
  row(administration.findUsers, 'users:read'),
  row(administration.listDepartments, 'users:read'),
  row(administration.createUser, 'users:write'),
  [administration.changeUser.path, needsOfUserChange],
  row(administration.recordSessionEnd, 'users:disconnect'),
  row(administration.listDevices, 'pushes:read'),
  row(administration.listPushes, 'pushes:read'),
  row(consolePushes.getProviders, 'pushes:providers'),
  row(consolePushes.setCredential, 'pushes:write'),
  row(consolePushes.removeCredential, 'pushes:write'),
  row(consolePushes.rotateCredentials, 'pushes:write'),
  row(consolePushes.testDevice, 'pushes:test'),
  row(administration.createDepartment, 'departments:write'),
  row(administration.changeDepartment, 'departments:write'),
  row(administration.deleteDepartment, 'departments:write'),
  row(consoleWork.mergeDepartment, 'departments:write'),
  row(administration.findGroups, 'groups:read'),
  row(administration.getGroup, 'groups:read'),
  row(administration.changeGroup, 'groups:write'),
  row(administration.muteInGroup, 'groups:write'),
  row(groups.createGroup, 'groups:write'),
  row(groups.changeMembers, 'groups:write'),
  row(consoleGroups.handOverGroup, 'groups:write'),
  row(consoleGroups.announceInGroup, 'groups:write'),
  row(consoleGroups.dissolveGroup, 'groups:write'),
  row(consoleGroups.listDissolvedGroups, 'groups:read'),
  row(consoleGroups.restoreGroup, 'groups:write'),
  row(administration.listDiscovery, 'discovery:read'),
  row(administration.createDiscovery, 'discovery:write'),
  row(administration.changeDiscovery, 'discovery:write'),
  row(administration.deleteDiscovery, 'discovery:write'),
  row(consoleWork.listAuditEvents, 'audit:read'),
  row(consoleWork.verifyAudit, 'audit:read'),
  row(consoleWork.listApps, 'apps:read'),
  row(consoleWork.listWebhooks, 'apps:read'),
  ...Object.values(consoleApps).map((method) => row(method, 'apps:write')),
  row(consoleWebhooks.createWebhook, 'apps:write'),
  row(consoleWebhooks.changeWebhook, 'apps:write'),
  row(consoleWebhooks.renewWebhookSecret, 'apps:write'),
  row(consoleWebhooks.setWebhookDisabled, 'apps:write'),
  row(consoleWebhooks.testWebhook, 'apps:write'),
  row(consoleWebhooks.deleteWebhook, 'apps:write'),
  row(consoleWebhooks.listWebhookEvents, 'apps:read'),
  row(consoleWebhooks.listDeadLetters, 'apps:read'),
  row(consoleWebhooks.retryDeadLetters, 'apps:write'),
  row(consoleWebhooks.dropDeadLetters, 'apps:write'),
  row(bots.listBots, 'apps:read'),
  row(bots.createBot, 'apps:write'),
  row(bots.setBotToken, 'apps:write'),
  row(bots.listHooks, 'apps:read'),
  row(bots.createHook, 'apps:write'),
  row(bots.deleteHook, 'apps:write'),
  row(consoleWork.leaveGroups, 'users:write'),
  row(consoleWork.rejoinGroups, 'users:write'),
  row(consoleWork.createUserImport, 'users:import'),
  row(consoleWork.chooseUsers, 'users:import'),
  row(consoleWork.addUserImportRows, 'users:import'),
  row(consoleWork.listUserImports, 'users:import'),
  row(consoleWork.getUserImport, 'users:import'),
  row(consoleWork.listUserImportRows, 'users:import'),
  row(consoleWork.runUserImport, 'users:import'),
  row(consoleWork.undoUserImport, 'users:import'),
  row(consoleWork.confirmCutOff, 'users:import'),
  row(consoleWork.changeGroupsOfChosen, 'users:import'),
  row(consoleWork.issueImportPasswords, 'users:import', 'users:reset-password'),
  row(lifecycle.getRetention, 'lifecycle:read'),
  row(lifecycle.setRetention, 'lifecycle:write'),
  row(lifecycle.removeRetention, 'lifecycle:write'),
  row(lifecycle.listHolds, 'lifecycle:read'),
  row(lifecycle.placeHold, 'lifecycle:write'),
  row(lifecycle.releaseHold, 'lifecycle:write'),
  row(lifecycle.listErasures, 'lifecycle:read'),
  row(lifecycle.listExports, 'lifecycle:read'),
  row(lifecycle.requestExport, 'lifecycle:write'),
  row(lifecycle.approveExport, 'lifecycle:write'),
  row(lifecycle.eraseUser, 'lifecycle:write'),
  row(consoleBroadcasts.listBroadcasts, 'broadcasts:read'),
  row(consoleBroadcasts.previewBroadcast, 'broadcasts:write'),
  row(consoleBroadcasts.orderBroadcast, 'broadcasts:write'),
  row(consoleBroadcasts.cancelBroadcast, 'broadcasts:write'),
  // Only those of the account itself.
  row(consoleWork.listSavedViews, 'users:read'),
  row(consoleWork.saveView, 'users:read'),
  row(consoleWork.renameView, 'users:read'),
  row(consoleWork.deleteView, 'users:read'),
  row(consoleWork.listAccounts, 'accounts:read'),
  row(consoleWork.createAccount, 'accounts:write'),
  row(consoleWork.changeAccount, 'accounts:write'),
  row(consoleWork.deleteAccount, 'accounts:write'),
  row(consoleWork.inviteAccount, 'accounts:write'),
  row(consoleWork.endAccountSessions, 'accounts:write'),
  row(consoleWork.unlockAccount, 'accounts:write'),
  row(consoleWork.listLoginFailures, 'users:read'),
  row(consoleWork.unlockUser, 'users:reset-password'),
  // The handler leaves out what the role may not see.
  row(consoleWork.getUserStanding, 'users:read'),
  row(consoleWork.resetSecondFactor, 'accounts:write'),
  row(consoleWork.beginSecondFactor),
  row(consoleWork.confirmSecondFactor),
  row(consoleWork.renewRecoveryCodes),
  row(consoleWork.removeSecondFactor),
  row(consoleWork.listOwnSessions),
  row(consoleWork.endOwnSession),
  row(consoleWork.changeOwnPassword),
]);

/** Setting only a password needs no permission to change anything else. */
function needsOfUserChange(request: unknown): readonly ConsolePermission[] {
  const { passwordMd5, ...others } = { ...(request as teamtalk.api.ChangeUserRequest).fields };
  const isSet = (value: unknown) => value !== undefined && value !== null;
  const changesMore = Object.values(others).some(isSet);
  if (!isSet(passwordMd5)) return ['users:write'];
  return changesMore ? ['users:write', 'users:reset-password'] : ['users:reset-password'];
}
