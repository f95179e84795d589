import type { MethodDefinition } from '@grpc/grpc-js';
import type { Reader, Writer } from 'protobufjs/minimal.js';
import { teamtalk as consoleApi } from '../gen/console.js';
import { teamtalk } from '../gen/db_proxy.js';
import { teamtalk as httpApi } from '../gen/http_api.js';
import { teamtalk as pushApi } from '../gen/push.js';
import { teamtalk as traceApi } from '../gen/trace.js';

interface Codec<In, Out> {
  encode(message: In, writer?: Writer): Writer;
  decode(reader: Reader | Uint8Array): Out;
}

/** A method's types: properties to encode on one side, a decoded message on the other. */
export type Method<RequestIn, RequestOut, ReplyIn, ReplyOut> = MethodDefinition<
  RequestIn | RequestOut,
  ReplyIn | ReplyOut
> & { readonly types?: [RequestIn, RequestOut, ReplyIn, ReplyOut] };

/** A method whose requests and replies are two streams. */
export type StreamMethod<RequestIn, RequestOut, ReplyIn, ReplyOut> = Method<
  RequestIn,
  RequestOut,
  ReplyIn,
  ReplyOut
> & { readonly requestStream: true };

/** @param path the service with its package, and the method */
export function methodAt<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  path: string,
  request: Codec<RequestIn, RequestOut>,
  reply: Codec<ReplyIn, ReplyOut>,
): Method<RequestIn, RequestOut, ReplyIn, ReplyOut> {
  // Writer.finish() of protobufjs gives a Buffer on Node, though its type says Uint8Array.
  return {
    path: `/${path}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => request.encode(message as RequestIn).finish() as Buffer,
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => reply.encode(message as ReplyIn).finish() as Buffer,
    responseDeserialize: (bytes) => reply.decode(bytes),
  };
}

function method<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  path: string,
  request: Codec<RequestIn, RequestOut>,
  reply: Codec<ReplyIn, ReplyOut>,
): Method<RequestIn, RequestOut, ReplyIn, ReplyOut> {
  return methodAt(`teamtalk.db.${path}`, request, reply);
}

function streamMethod<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  path: string,
  request: Codec<RequestIn, RequestOut>,
  reply: Codec<ReplyIn, ReplyOut>,
): StreamMethod<RequestIn, RequestOut, ReplyIn, ReplyOut> {
  return { ...method(path, request, reply), requestStream: true, responseStream: true };
}

function apiMethod<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  path: string,
  request: Codec<RequestIn, RequestOut>,
  reply: Codec<ReplyIn, ReplyOut>,
): Method<RequestIn, RequestOut, ReplyIn, ReplyOut> {
  return methodAt(`teamtalk.api.${path}`, request, reply);
}

const db = teamtalk.db;
const { api } = httpApi;
const board = consoleApi.console;
const { push } = pushApi;
const { trace } = traceApi;

/** proto/internal/db_proxy.proto, service Accounts. */
export const accounts = {
  logIn: streamMethod('Accounts/LogIn', db.LoginFrame, db.LoginResults),
  login: method('Accounts/Login', db.LoginRequest, db.LoginReply),
  listUsers: method('Accounts/ListUsers', db.ListUsersRequest, db.UserList),
  getUsers: method('Accounts/GetUsers', db.GetUsersRequest, db.UserList),
  listDepartments: method('Accounts/ListDepartments', db.ListUsersRequest, db.DepartmentList),
  changeAvatar: method('Accounts/ChangeAvatar', db.ChangeAvatarRequest, db.ChangeReply),
  changeSignature: method('Accounts/ChangeSignature', db.ChangeSignatureRequest, db.ChangeReply),
  setDeviceToken: method('Accounts/SetDeviceToken', db.DeviceTokenRequest, db.DeviceTokenReply),
  setPushSubscription: method(
    'Accounts/SetPushSubscription',
    db.PushSubscriptionRequest,
    db.PushSubscriptionReply,
  ),
  forgetPushDevices: method('Accounts/ForgetPushDevices', db.ForgetPushDevicesRequest, db.ChangeReply),
  setPushShield: method('Accounts/SetPushShield', db.PushShieldRequest, db.ChangeReply),
  getPushShield: method('Accounts/GetPushShield', db.UserRequest, db.PushShield),
  recordClients: method('Accounts/RecordClients', db.RecordClientsRequest, db.ChangeReply),
} as const;

/** proto/internal/db_proxy.proto, service Groups. */
export const groups = {
  listGroups: method('Groups/ListGroups', db.UserRequest, db.GroupVersionList),
  getGroups: method('Groups/GetGroups', db.GetGroupsRequest, db.GroupList),
  createGroup: method('Groups/CreateGroup', db.CreateGroupRequest, db.CreateGroupReply),
  changeMembers: method('Groups/ChangeMembers', db.ChangeMembersRequest, db.ChangeMembersReply),
  shieldGroup: method('Groups/ShieldGroup', db.ShieldGroupRequest, db.ChangeReply),
} as const;

/** proto/internal/db_proxy.proto, service Files. */
export const files = {
  addOfflineFile: method('Files/AddOfflineFile', db.OfflineFile, db.OfflineFileReply),
  claimFileAnnouncements: method(
    'Files/ClaimFileAnnouncements',
    db.ClaimFileAnnouncementsRequest,
    db.OfflineFileList,
  ),
  confirmFileAnnouncements: method('Files/ConfirmFileAnnouncements', db.FileTaskIds, db.ChangeReply),
  listOfflineFiles: method('Files/ListOfflineFiles', db.UserRequest, db.OfflineFileList),
  deleteOfflineFile: method('Files/DeleteOfflineFile', db.DeleteOfflineFileRequest, db.ChangeReply),
  createFileTask: method('Files/CreateFileTask', db.CreateFileTaskRequest, db.FileTaskReply),
  getFileTask: method('Files/GetFileTask', db.GetFileTaskRequest, db.FileTaskReply),
  addFilePart: method('Files/AddFilePart', db.AddFilePartRequest, db.ChangeReply),
  cutFileParts: method('Files/CutFileParts', db.CutFilePartsRequest, db.ChangeReply),
  completeFileTask: method('Files/CompleteFileTask', db.CompleteFileTaskRequest, db.ChangeReply),
  extendFileTask: method('Files/ExtendFileTask', db.ExtendFileTaskRequest, db.ChangeReply),
  listExpiredFileTasks: method('Files/ListExpiredFileTasks', db.ListExpiredFileTasksRequest, db.FileTaskIds),
  removeFileTasks: method('Files/RemoveFileTasks', db.FileTaskIds, db.ChangeReply),
} as const;

/** proto/internal/db_proxy.proto, service Messages. */
export const messages = {
  append: streamMethod('Messages/Append', db.AppendFrame, db.AppendResults),
  markRead: streamMethod('Messages/MarkRead', db.ReadFrame, db.ReadResults),
  getHistory: method('Messages/GetHistory', db.HistoryRequest, db.MessageList),
  getMessages: method('Messages/GetMessages', db.MessagesByIdRequest, db.MessageList),
  getLatestMessageId: method('Messages/GetLatestMessageId', db.SessionRequest, db.LatestMessageId),
  getUnread: method('Messages/GetUnread', db.UserRequest, db.UnreadList),
  getRecentSessions: method('Messages/GetRecentSessions', db.RecentSessionsRequest, db.SessionList),
  removeSession: method('Messages/RemoveSession', db.SessionRequest, db.ChangeReply),
  getStoredRange: method('Messages/GetStoredRange', db.StoredRangeRequest, db.StoredRange),
} as const;

/** proto/internal/http_api.proto, service Apps. */
export const apps = {
  listApps: apiMethod('Apps/ListApps', api.ListAppsRequest, api.AppList),
  useNonce: apiMethod('Apps/UseNonce', api.UseNonceRequest, api.UseNonceReply),
} as const;

/** proto/internal/http_api.proto, service Broadcasts. */
export const broadcasts = {
  createBroadcast: apiMethod(
    'Broadcasts/CreateBroadcast',
    api.CreateBroadcastRequest,
    api.CreateBroadcastReply,
  ),
  getBroadcast: apiMethod('Broadcasts/GetBroadcast', api.GetBroadcastRequest, api.BroadcastProgress),
} as const;

/** proto/internal/http_api.proto, service Administration. */
export const administration = {
  findUsers: apiMethod('Administration/FindUsers', api.FindUsersRequest, api.UserPage),
  createUser: apiMethod('Administration/CreateUser', api.CreateUserRequest, api.SaveReply),
  changeUser: apiMethod('Administration/ChangeUser', api.ChangeUserRequest, api.SaveReply),
  listDepartments: apiMethod(
    'Administration/ListDepartments',
    api.ListDepartmentsRequest,
    api.DepartmentList,
  ),
  createDepartment: apiMethod('Administration/CreateDepartment', api.CreateDepartmentRequest, api.SaveReply),
  changeDepartment: apiMethod('Administration/ChangeDepartment', api.ChangeDepartmentRequest, api.SaveReply),
  deleteDepartment: apiMethod('Administration/DeleteDepartment', api.DeleteRequest, api.SaveReply),
  findGroups: apiMethod('Administration/FindGroups', api.FindGroupsRequest, api.GroupPage),
  getGroup: apiMethod('Administration/GetGroup', api.GetGroupRequest, api.GroupDetails),
  changeGroup: apiMethod('Administration/ChangeGroup', api.ChangeGroupRequest, api.SaveReply),
  muteInGroup: apiMethod('Administration/MuteInGroup', api.MuteInGroupRequest, api.MuteInGroupReply),
  getReceipts: apiMethod('Administration/GetReceipts', api.ReceiptsRequest, api.Receipts),
  listDiscovery: apiMethod('Administration/ListDiscovery', api.ListDiscoveryRequest, api.DiscoveryList),
  createDiscovery: apiMethod('Administration/CreateDiscovery', api.CreateDiscoveryRequest, api.SaveReply),
  changeDiscovery: apiMethod('Administration/ChangeDiscovery', api.ChangeDiscoveryRequest, api.SaveReply),
  deleteDiscovery: apiMethod('Administration/DeleteDiscovery', api.DeleteRequest, api.SaveReply),
  recordSessionEnd: apiMethod(
    'Administration/RecordSessionEnd',
    api.RecordSessionEndRequest,
    api.RecordSessionEndReply,
  ),
  listDevices: apiMethod('Administration/ListDevices', api.ListDevicesRequest, api.DeviceList),
  registerDevice: apiMethod('Administration/RegisterDevice', api.RegisterDeviceRequest, api.DeviceReply),
  removeDevice: apiMethod('Administration/RemoveDevice', api.RemoveDeviceRequest, api.DeviceReply),
  listPushes: apiMethod('Administration/ListPushes', api.ListPushesRequest, api.PushList),
} as const;

/** proto/internal/http_api.proto, service Bots. */
export const bots = {
  listBots: apiMethod('Bots/ListBots', api.ListBotsRequest, api.BotList),
  createBot: apiMethod('Bots/CreateBot', api.CreateBotRequest, api.SaveReply),
  setBotToken: apiMethod('Bots/SetBotToken', api.SetBotTokenRequest, api.SaveReply),
  listHooks: apiMethod('Bots/ListHooks', api.ListHooksRequest, api.HookList),
  createHook: apiMethod('Bots/CreateHook', api.CreateHookRequest, api.SaveReply),
  deleteHook: apiMethod('Bots/DeleteHook', api.DeleteRequest, api.SaveReply),
  findHook: apiMethod('Bots/FindHook', api.FindHookRequest, api.FoundHook),
  findReceiver: apiMethod('Bots/FindReceiver', api.FindReceiverRequest, api.Receiver),
} as const;

/** proto/internal/http_api.proto, service Webhooks. */
export const webhooks = {
  claimEvents: apiMethod('Webhooks/ClaimEvents', api.ClaimWebhookEventsRequest, api.ClaimedWebhookEvents),
  finishEvents: apiMethod(
    'Webhooks/FinishEvents',
    api.FinishWebhookEventsRequest,
    api.FinishWebhookEventsReply,
  ),
} as const;

/** proto/internal/push.proto, service Pushes. */
export const pushes = {
  claim: methodAt('teamtalk.push.Pushes/Claim', push.ClaimRequest, push.ClaimedPushes),
  finish: methodAt('teamtalk.push.Pushes/Finish', push.FinishRequest, push.FinishReply),
  listCredentials: methodAt(
    'teamtalk.push.Pushes/ListCredentials',
    push.ListCredentialsRequest,
    push.CredentialList,
  ),
  keepMessage: methodAt('teamtalk.push.Pushes/KeepMessage', push.KeepMessageRequest, push.KeepMessageReply),
  readMailboxes: methodAt(
    'teamtalk.push.Pushes/ReadMailboxes',
    push.ReadMailboxesRequest,
    push.MailboxMessages,
  ),
} as const;

/** proto/internal/console.proto, service Console. */
export const consoles = {
  call: methodAt('teamtalk.console.Console/Call', board.CallRequest, board.CallReply),
  setUp: methodAt('teamtalk.console.Console/SetUp', board.SetUpRequest, board.OpenedSession),
  logIn: methodAt('teamtalk.console.Console/LogIn', board.LogInRequest, board.OpenedSession),
  signOn: methodAt('teamtalk.console.Console/SignOn', board.SignOnRequest, board.OpenedSession),
  getSession: methodAt('teamtalk.console.Console/GetSession', board.SessionRequest, board.SessionReply),
  logOut: methodAt('teamtalk.console.Console/LogOut', board.SessionRequest, board.SessionReply),
} as const;

/** proto/internal/trace.proto, service Traces. */
export const traces = {
  findMessage: methodAt('teamtalk.trace.Traces/FindMessage', trace.FindMessageRequest, trace.MessageTrace),
} as const;
