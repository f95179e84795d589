import type { MethodDefinition } from '@grpc/grpc-js';
import type { Reader, Writer } from 'protobufjs/minimal.js';
import { teamtalk } from '../gen/db_proxy.js';

interface Codec<In, Out> {
  encode(message: In, writer?: Writer): Writer;
  decode(reader: Reader | Uint8Array): Out;
}

/** What is given to a method and what comes out at the other side: properties in, a decoded message out. */
export type Method<RequestIn, RequestOut, ReplyIn, ReplyOut> = MethodDefinition<
  RequestIn | RequestOut,
  ReplyIn | ReplyOut
> & { readonly types?: [RequestIn, RequestOut, ReplyIn, ReplyOut] };

function method<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  path: string,
  request: Codec<RequestIn, RequestOut>,
  reply: Codec<ReplyIn, ReplyOut>,
  stream = false,
): Method<RequestIn, RequestOut, ReplyIn, ReplyOut> {
  // Writer.finish() of protobufjs gives a Buffer on Node, though its type says Uint8Array.
  return {
    path: `/teamtalk.db.${path}`,
    requestStream: stream,
    responseStream: stream,
    requestSerialize: (message) => request.encode(message as RequestIn).finish() as Buffer,
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => reply.encode(message as ReplyIn).finish() as Buffer,
    responseDeserialize: (bytes) => reply.decode(bytes),
  };
}

const db = teamtalk.db;

/** proto/internal/db_proxy.proto, service Accounts. */
export const accounts = {
  login: method('Accounts/Login', db.LoginRequest, db.LoginReply),
  listUsers: method('Accounts/ListUsers', db.ListUsersRequest, db.UserList),
  getUsers: method('Accounts/GetUsers', db.GetUsersRequest, db.UserList),
} as const;

/** proto/internal/db_proxy.proto, service Messages. */
export const messages = {
  append: method('Messages/Append', db.AppendFrame, db.AppendResults, true),
  markRead: method('Messages/MarkRead', db.ReadFrame, db.ReadResults, true),
  getHistory: method('Messages/GetHistory', db.HistoryRequest, db.MessageList),
  getMessages: method('Messages/GetMessages', db.MessagesByIdRequest, db.MessageList),
  getLatestMessageId: method('Messages/GetLatestMessageId', db.SessionRequest, db.LatestMessageId),
  getUnread: method('Messages/GetUnread', db.UserRequest, db.UnreadList),
  getRecentSessions: method('Messages/GetRecentSessions', db.RecentSessionsRequest, db.SessionList),
  getStoredRange: method('Messages/GetStoredRange', db.StoredRangeRequest, db.StoredRange),
} as const;
