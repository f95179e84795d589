import { formatInstance } from '@teamtalk/service-kit';
import type { Reader, Writer } from 'protobufjs/minimal.js';
import { teamtalk } from '../gen/bus.js';

const events = teamtalk.bus;

/** Encoding and decoding of one event type. */
export interface Codec<In, Out> {
  encode(message: In, writer?: Writer): Writer;
  decode(reader: Reader | Uint8Array): Out;
}

/** Whoever has credentials of their own for NATS: a service, or the `teamtalk` command of an operator. */
export const members = [
  'login_server',
  'msg_server',
  'route_server',
  'db_proxy_server',
  'http_msg_server',
  'push_server',
  'file_server',
  'msfs',
  'web_server',
  'admin_server',
  'operator',
] as const;

export type Member = (typeof members)[number];

/** A subject (without the installation's prefix) and the type of event it carries. */
export interface Topic<In, Out = In> {
  readonly subject: string;
  readonly event: Codec<In, Out>;
  /** who may send it; of an answered one the subscribers may answer these */
  readonly publishers: readonly Member[];
  readonly subscribers: readonly Member[];
}

/** A subject whose receivers answer. */
export interface AnsweredTopic<In, Out, AnswerIn, AnswerOut = AnswerIn> extends Topic<In, Out> {
  readonly answer: Codec<AnswerIn, AnswerOut>;
  /** Answered by any member of a queue group. A missing subscriber is temporary here; on an instance's own subject it means that the instance is gone. */
  readonly shared?: boolean;
}

/** Any row of the table. */
export interface AnyTopic extends Pick<Topic<never, unknown>, 'subject' | 'publishers' | 'subscribers'> {
  readonly event: unknown;
  readonly answer?: unknown;
  readonly shared?: boolean;
}

const everyService = members.filter((member) => member !== 'operator');

/** Which services track each service's instances, besides the operator and admin_server, which track all. */
const followers: Readonly<Record<string, readonly Member[]>> = {
  msg_server: ['route_server', 'http_msg_server', 'login_server', 'db_proxy_server', 'msfs'],
  route_server: ['route_server', 'msg_server', 'db_proxy_server'],
  file_server: ['file_server', 'msg_server'],
  db_proxy_server: ['msg_server', 'http_msg_server', 'push_server', 'file_server'],
};

/**
 * Every subject, and who sends and receives it; no other file contains a subject string. The permissions at NATS follow from
 * it (`permissions.ts`). An instance's own subject ends in its number, so that an event for a dead instance is refused at
 * once (no responders).
 */
export const topics = {
  /** every instance -> everybody who keeps a registry of its service, once a second */
  heartbeat: (service: string) => ({
    subject: `announcement.${service}`,
    event: events.Heartbeat,
    publishers: members.filter((member) => member === service),
    subscribers: [...(followers[service] ?? []), 'admin_server', 'operator'] as Member[],
  }),

  /**
   * The heartbeats of all services on one subject, for the version before. Nobody with credentials of their own may send or
   * receive it: a service could announce itself as another one.
   */
  sharedHeartbeat: {
    subject: 'announcement',
    event: events.Heartbeat,
    publishers: [],
    subscribers: [],
  },

  /** a registry that starts -> every instance of a service: announce yourself now */
  discovery: {
    subject: 'roll-call',
    event: events.Discovery,
    publishers: members,
    subscribers: everyService,
  },

  /** to all route_servers, and the db_proxy_servers that send messages to msg_servers directly */
  presenceUpdate: {
    subject: 'presence.update',
    event: events.PresenceUpdate,
    answer: events.PresenceAck,
    publishers: ['msg_server'],
    subscribers: ['route_server', 'db_proxy_server'],
  },

  /** to a db_proxy_server that has not answered a presence update: is it there at all? */
  presenceFollower: (dbProxy: number) => ({
    subject: `presence.follower.${formatInstance(dbProxy)}`,
    event: events.Done,
    answer: events.Done,
    publishers: ['msg_server'],
    subscribers: ['db_proxy_server'],
  }),

  msgServerGone: {
    subject: 'msg-server-gone',
    event: events.MsgServerGone,
    publishers: ['route_server'],
    subscribers: ['route_server', 'db_proxy_server'],
  },

  /** by one that starts, to those that know all sessions */
  msgServersQuery: {
    subject: 'msg-servers.query',
    event: events.MsgServersQuery,
    answer: events.MsgServers,
    publishers: ['route_server', 'db_proxy_server'],
    subscribers: ['route_server', 'db_proxy_server'],
  },

  /** to one msg_server; answered by pages */
  presenceSnapshot: (instance: number) => ({
    subject: `presence.snapshot.${formatInstance(instance)}`,
    event: events.SnapshotRequest,
    answer: events.PresenceSnapshot,
    publishers: ['route_server', 'db_proxy_server'],
    subscribers: ['msg_server'],
  }),

  /** to one of the route_servers */
  presenceQuery: {
    subject: 'presence.query',
    event: events.PresenceQuery,
    answer: events.PresenceReply,
    shared: true,
    publishers: ['msg_server', 'http_msg_server', 'push_server'],
    subscribers: ['route_server'],
  },

  /** to one of the push_servers, answered with what the provider said */
  pushTest: {
    subject: 'push.test',
    event: events.PushTest,
    answer: events.PushTestAnswer,
    shared: true,
    publishers: ['db_proxy_server'],
    subscribers: ['push_server'],
  },

  /** to one of the push_servers, which have the key: nobody else may receive it */
  pushCredential: {
    subject: 'push.credential',
    event: events.PushCredential,
    answer: events.SealedPushCredential,
    shared: true,
    publishers: ['admin_server'],
    subscribers: ['push_server'],
  },

  /** to one of the push_servers */
  resealPushCredentials: {
    subject: 'push.reseal',
    event: events.ResealPushCredentials,
    answer: events.ResealedPushCredentials,
    shared: true,
    publishers: ['db_proxy_server'],
    subscribers: ['push_server'],
  },

  /** to one of the route_servers */
  sessionsQuery: {
    subject: 'sessions.query',
    event: events.SessionsQuery,
    answer: events.Sessions,
    shared: true,
    publishers: ['http_msg_server', 'push_server', 'admin_server', 'msg_server', 'operator'],
    subscribers: ['route_server'],
  },

  /** to one msg_server */
  deliveryQuery: (msgServer: number) => ({
    subject: `delivery.query.${formatInstance(msgServer)}`,
    event: events.DeliveryQuery,
    answer: events.DeliveryPositions,
    publishers: ['operator'],
    subscribers: ['msg_server'],
  }),

  /** to one msg_server */
  acknowledged: (msgServer: number) => ({
    subject: `acknowledged.${formatInstance(msgServer)}`,
    event: events.AcknowledgedQuery,
    answer: events.Acknowledged,
    publishers: ['push_server'],
    subscribers: ['msg_server'],
  }),

  /** to all push_servers */
  phoneMessage: {
    subject: 'phone-message',
    event: events.PhoneMessage,
    publishers: ['push_server'],
    subscribers: ['push_server'],
  },

  /** to one msg_server */
  connections: (msgServer: number) => ({
    subject: `connections.${formatInstance(msgServer)}`,
    event: events.ConnectionsQuery,
    answer: events.Connections,
    publishers: ['http_msg_server', 'admin_server', 'msg_server'],
    subscribers: ['msg_server'],
  }),

  /** to one msg_server */
  clients: (msgServer: number) => ({
    subject: `clients.${formatInstance(msgServer)}`,
    event: events.ClientsQuery,
    answer: events.Clients,
    publishers: ['admin_server'],
    subscribers: ['msg_server'],
  }),

  /** to one login_server */
  addresses: (loginServer: number) => ({
    subject: `addresses.${formatInstance(loginServer)}`,
    event: events.AddressesQuery,
    answer: events.Addresses,
    publishers: ['admin_server'],
    subscribers: ['login_server'],
  }),

  /** to the route_server that a db_proxy_server chose; an empty one, of a msg_server, asks whether it is there */
  storedBatch: (routeServer: number) => ({
    subject: `stored.${formatInstance(routeServer)}`,
    event: events.StoredBatch,
    answer: events.Done,
    publishers: ['db_proxy_server', 'msg_server'],
    subscribers: ['route_server'],
  }),

  /** to one of the route_servers */
  notifyUsers: {
    subject: 'notify',
    event: events.NotifyUsers,
    publishers: ['msg_server', 'file_server'],
    subscribers: ['route_server'],
  },

  /** to one of the route_servers, answered when the msg_servers concerned have it */
  groupChange: {
    subject: 'group-change',
    event: events.GroupChange,
    answer: events.Done,
    shared: true,
    publishers: ['msg_server', 'http_msg_server', 'admin_server'],
    subscribers: ['route_server'],
  },

  /** to one of the route_servers */
  kickUser: {
    subject: 'kick',
    event: events.KickUser,
    answer: events.Done,
    shared: true,
    publishers: ['msg_server', 'http_msg_server', 'admin_server'],
    subscribers: ['route_server'],
  },

  /** to every msg_server; only broadcasts and changed credentials */
  everyNode: {
    subject: 'every-node',
    event: events.NodeEvent,
    publishers: ['msg_server', 'http_msg_server', 'admin_server'],
    subscribers: ['msg_server'],
  },

  /** to every file_server, when a user's credentials change or the user leaves; msg_servers learn it from everyNode */
  cutOff: {
    subject: 'cut-off',
    event: events.CredentialsChanged,
    publishers: ['http_msg_server', 'admin_server'],
    subscribers: ['file_server'],
  },

  /** to every msg_server, answered by those where the user is logged in */
  userSessions: {
    subject: 'user-sessions',
    event: events.UserSessionsQuery,
    answer: events.UserSessions,
    publishers: ['file_server'],
    subscribers: ['msg_server'],
  },

  /** to every msg_server, answered by those where somebody is logged in from the address */
  addressUsers: {
    subject: 'address-users',
    event: events.AddressUsersQuery,
    answer: events.AddressUsers,
    publishers: ['msfs'],
    subscribers: ['msg_server'],
  },

  /** to all msfs */
  imageStored: {
    subject: 'image-stored',
    event: events.ImageStored,
    publishers: ['msfs'],
    subscribers: ['msfs'],
  },

  /** by the route_server that tells the clients, to one of the db_proxy_servers */
  statusChanges: {
    subject: 'status-changes',
    event: events.StatusChanges,
    publishers: ['route_server'],
    subscribers: ['db_proxy_server'],
  },

  /** by one that starts, to all; answered by one that has the key */
  proofKey: {
    subject: 'proof-key',
    event: events.ProofKeyRequest,
    answer: events.SealedProofKey,
    publishers: ['db_proxy_server'],
    subscribers: ['db_proxy_server'],
  },

  /** to one of the file_servers */
  fileTask: {
    subject: 'file-task',
    event: events.FileTaskRequest,
    answer: events.FileTask,
    shared: true,
    publishers: ['msg_server'],
    subscribers: ['file_server'],
  },

  /** to all file_servers */
  fileTaskEnded: {
    subject: 'file-task-ended',
    event: events.FileTaskEnded,
    publishers: ['file_server'],
    subscribers: ['file_server'],
  },

  /** to one msg_server; deliveries and changes of groups are answered, the rest is not */
  node: (msgServer: number) => ({
    subject: `node.${formatInstance(msgServer)}`,
    event: events.NodeEvent,
    answer: events.Done,
    publishers: ['route_server', 'db_proxy_server'],
    subscribers: ['msg_server'],
  }),
} as const satisfies Record<string, AnyTopic | ((of: never) => AnyTopic)>;

/** Name of the queue group in which route_servers share work. */
export const routeServerQueue = 'route_server';

/** Name of the queue group in which file_servers share work. */
export const fileServerQueue = 'file_server';

/** Name of the queue group in which db_proxy_servers share work. */
export const dbProxyServerQueue = 'db_proxy_server';
