import { formatInstance } from '@teamtalk/service-kit';
import type { Reader, Writer } from 'protobufjs/minimal.js';
import { teamtalk } from '../gen/bus.js';

const events = teamtalk.bus;

/** Encoding and decoding of one event type. */
export interface Codec<In, Out> {
  encode(message: In, writer?: Writer): Writer;
  decode(reader: Reader | Uint8Array): Out;
}

/** A subject (without the installation's prefix) and the type of event it carries. */
export interface Topic<In, Out = In> {
  readonly subject: string;
  readonly event: Codec<In, Out>;
}

/** A subject whose receivers answer. */
export interface AnsweredTopic<In, Out, AnswerIn, AnswerOut = AnswerIn> extends Topic<In, Out> {
  readonly answer: Codec<AnswerIn, AnswerOut>;
  /** Answered by any member of a queue group. A missing subscriber is temporary here; on an instance's own subject it means that the instance is gone. */
  readonly shared?: boolean;
}

/**
 * Every subject; no other file contains a subject string. An instance's own subject ends in its
 * number, so that an event for a dead instance is refused at once (no responders).
 */
export const topics = {
  /** every instance -> everybody who keeps a registry, once a second */
  heartbeat: { subject: 'announcement', event: events.Heartbeat },

  /** a registry that starts -> every instance of a service: announce yourself now */
  discovery: { subject: 'roll-call', event: events.Discovery },

  /** msg_server -> all route_servers, and the db_proxy_servers that send messages to msg_servers directly */
  presenceUpdate: { subject: 'presence.update', event: events.PresenceUpdate, answer: events.PresenceAck },

  /** msg_server -> a db_proxy_server that has not answered a presence update: is it there at all? */
  presenceFollower: (dbProxy: number) => ({
    subject: `presence.follower.${formatInstance(dbProxy)}`,
    event: events.Done,
    answer: events.Done,
  }),

  /** route_server -> all route_servers and db_proxy_servers */
  msgServerGone: { subject: 'msg-server-gone', event: events.MsgServerGone },

  /** a route_server or db_proxy_server that starts -> those that know all sessions */
  msgServersQuery: {
    subject: 'msg-servers.query',
    event: events.MsgServersQuery,
    answer: events.MsgServers,
  },

  /** a route_server or db_proxy_server -> one msg_server; answered by pages */
  presenceSnapshot: (instance: number) => ({
    subject: `presence.snapshot.${formatInstance(instance)}`,
    event: events.SnapshotRequest,
    answer: events.PresenceSnapshot,
  }),

  /** anybody -> one of the route_servers */
  presenceQuery: {
    subject: 'presence.query',
    event: events.PresenceQuery,
    answer: events.PresenceReply,
    shared: true,
  },

  /** anybody -> one of the route_servers */
  sessionsQuery: {
    subject: 'sessions.query',
    event: events.SessionsQuery,
    answer: events.Sessions,
    shared: true,
  },

  /** anybody -> one msg_server */
  deliveryQuery: (msgServer: number) => ({
    subject: `delivery.query.${formatInstance(msgServer)}`,
    event: events.DeliveryQuery,
    answer: events.DeliveryPositions,
  }),

  /** http_msg_server -> one msg_server */
  connections: (msgServer: number) => ({
    subject: `connections.${formatInstance(msgServer)}`,
    event: events.ConnectionsQuery,
    answer: events.Connections,
  }),

  /** db_proxy_server -> the route_server it chose */
  storedBatch: (routeServer: number) => ({
    subject: `stored.${formatInstance(routeServer)}`,
    event: events.StoredBatch,
    answer: events.Done,
  }),

  /** anybody -> one of the route_servers */
  notifyUsers: { subject: 'notify', event: events.NotifyUsers },

  /** anybody -> one of the route_servers, answered when the msg_servers concerned have it */
  groupChange: { subject: 'group-change', event: events.GroupChange, answer: events.Done, shared: true },

  /** anybody -> one of the route_servers */
  kickUser: { subject: 'kick', event: events.KickUser, answer: events.Done, shared: true },

  /** anybody -> every msg_server; only broadcasts and changed credentials */
  everyNode: { subject: 'every-node', event: events.NodeEvent },

  /** file_server -> every msg_server, answered by those where the user is logged in */
  userSessions: { subject: 'user-sessions', event: events.UserSessionsQuery, answer: events.UserSessions },

  /** msfs -> every msg_server */
  addressUsers: {
    subject: 'address-users',
    event: events.AddressUsersQuery,
    answer: events.AddressUsers,
  },

  /** msfs -> all msfs */
  imageStored: { subject: 'image-stored', event: events.ImageStored },

  /** the route_server that tells the clients -> one of the db_proxy_servers */
  statusChanges: { subject: 'status-changes', event: events.StatusChanges },

  /** db_proxy_server that starts -> all db_proxy_servers, answered by one that has the key */
  proofKey: { subject: 'proof-key', event: events.ProofKeyRequest, answer: events.SealedProofKey },

  /** msg_server -> one of the file_servers */
  fileTask: { subject: 'file-task', event: events.FileTaskRequest, answer: events.FileTask, shared: true },

  /** file_server -> all file_servers */
  fileTaskEnded: { subject: 'file-task-ended', event: events.FileTaskEnded },

  /** route_server -> one msg_server; deliveries and changes of groups are answered, the rest is not */
  node: (msgServer: number) => ({
    subject: `node.${formatInstance(msgServer)}`,
    event: events.NodeEvent,
    answer: events.Done,
  }),
} as const;

/** Name of the queue group in which route_servers share work. */
export const routeServerQueue = 'route_server';

/** Name of the queue group in which file_servers share work. */
export const fileServerQueue = 'file_server';

/** Name of the queue group in which db_proxy_servers share work. */
export const dbProxyServerQueue = 'db_proxy_server';
