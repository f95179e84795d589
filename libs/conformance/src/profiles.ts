import {
  ANDROID_FRAME_LIMIT,
  type AnyCommand,
  Commands as C,
  ClientType,
  type PropertiesOf,
} from '@teamtalk/protocol';

type Receipt = PropertiesOf<typeof C.MsgDataAck>;

/** How one of the old clients uses the protocol (client-behaviour.md#what-the-old-clients-do-and-need). */
export interface Profile {
  readonly clientType: (typeof ClientType)[keyof typeof ClientType];
  /** Requests right after the login, in this order, all sent before the first answer. */
  readonly startUp: readonly AnyCommand[];
  /** seq_num of the first PDU, and the one after which it starts over. */
  readonly seqNums: { readonly first: number; readonly last: number };
  /** Seconds between two heartbeats. */
  readonly heartbeatSeconds: number;
  /** Seconds it waits for the ack of a message. */
  readonly ackSeconds: number;
  /** Sends a message without an ack again, on the same connection with the same seq_num. */
  readonly resends: boolean;
  /** Matches an answer by its seq_num alone: any PDU with that number is taken for the answer. */
  readonly matchesBySeqOnly: boolean;
  /** Largest frame it accepts, bytes. */
  readonly maxFrame: number;
  /** Ignores all but the first answer to a request. */
  readonly firstAnswerOnly: boolean;
  /** Ignores PDUs without a body, except heartbeats. */
  readonly ignoresEmptyBodies: boolean;
  /** How the client of user `self` fills the receipt of a message from `peer`. */
  receipt(self: number, peer: number, rest: Pick<Receipt, 'msgId' | 'sessionType'>): Receipt;
}

const whole: Pick<Profile, 'seqNums' | 'resends' | 'matchesBySeqOnly' | 'maxFrame' | 'ignoresEmptyBodies'> = {
  seqNums: { first: 1, last: 0xffff },
  resends: false,
  matchesBySeqOnly: false,
  maxFrame: Number.POSITIVE_INFINITY,
  ignoresEmptyBodies: false,
};

export type ClientName = 'windows' | 'mac' | 'ios' | 'android' | 'web';

export const profiles: Readonly<Record<ClientName, Profile>> = {
  windows: {
    ...whole,
    clientType: ClientType.WINDOWS,
    startUp: [
      C.BuddyListDepartmentRequest,
      C.BuddyListAllUserRequest,
      C.GroupNormalListRequest,
      C.BuddyListRecentContactSessionRequest,
      C.MsgUnreadCntRequest,
      C.BuddyListUsersStatusRequest,
      C.FileHasOfflineReq,
    ],
    heartbeatSeconds: 5,
    ackSeconds: 5,
    resends: true,
    firstAnswerOnly: true,
    receipt: (self, peer, rest) => ({ userId: self, sessionId: peer, ...rest }),
  },
  mac: {
    ...whole,
    clientType: ClientType.MAC,
    startUp: [
      C.BuddyListAllUserRequest,
      C.BuddyListDepartmentRequest,
      C.GroupNormalListRequest,
      C.BuddyListRecentContactSessionRequest,
      C.MsgUnreadCntRequest,
      C.BuddyListUsersStatusRequest,
      C.FileHasOfflineReq,
    ],
    heartbeatSeconds: 30,
    ackSeconds: 8,
    firstAnswerOnly: true,
    receipt: (self, peer, rest) => ({ userId: self, sessionId: peer, ...rest }),
  },
  ios: {
    ...whole,
    clientType: ClientType.IOS,
    startUp: [
      C.LoginReqDevicetoken,
      C.BuddyListAllUserRequest,
      C.BuddyListDepartmentRequest,
      C.BuddyListRecentContactSessionRequest,
      C.MsgUnreadCntRequest,
      C.GroupNormalListRequest,
      C.LoginReqQueryPushShield,
    ],
    heartbeatSeconds: 30,
    ackSeconds: 5,
    firstAnswerOnly: true,
    ignoresEmptyBodies: true,
    receipt: (self, peer, rest) => ({ userId: self, sessionId: peer, ...rest }),
  },
  android: {
    clientType: ClientType.ANDROID,
    startUp: [
      C.BuddyListDepartmentRequest,
      C.BuddyListAllUserRequest,
      C.GroupNormalListRequest,
      C.BuddyListRecentContactSessionRequest,
      C.MsgUnreadCntRequest,
      C.LoginReqDevicetoken,
    ],
    seqNums: { first: 1, last: 0x7fff },
    heartbeatSeconds: 240,
    ackSeconds: 6,
    resends: false,
    matchesBySeqOnly: true,
    maxFrame: ANDROID_FRAME_LIMIT,
    firstAnswerOnly: false,
    ignoresEmptyBodies: false,
    receipt: (self, peer, rest) => ({ userId: peer, sessionId: self, ...rest }),
  },
  web: {
    ...whole,
    clientType: ClientType.WINDOWS,
    startUp: [
      C.BuddyListAllUserRequest,
      C.BuddyListRecentContactSessionRequest,
      C.MsgUnreadCntRequest,
      C.GroupNormalListRequest,
    ],
    heartbeatSeconds: 45,
    ackSeconds: 10,
    firstAnswerOnly: true,
    receipt: (self, peer, rest) => ({ userId: self, sessionId: peer, ...rest }),
  },
};

export const clientNames = Object.keys(profiles) as ClientName[];
