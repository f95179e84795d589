import { type AnyCommand, ClientType, Commands, encodePdu } from '@teamtalk/protocol';

/** How one kind of client behaves around a broken connection. Times: milliseconds. */
export interface Behaviour {
  readonly clientType: number;
  /** the back-off before it asks for a server again: first, and at most; doubled each time */
  readonly wait: { readonly first: number; readonly most: number };
  /** how long it waits for the ack of a message */
  readonly ackMs: number;
  /** Repeats a message without an ack on the same connection with the same seq_num. */
  readonly resends: boolean;
  /** how long it waits for the answer to its login */
  readonly loginMs: number;
  readonly heartbeatMs: number;
  /** its seq_num counts from 1 to this, and again */
  readonly lastSeqNum: number;
  /** requests right after the login */
  readonly startUp: readonly AnyCommand[];
}

const C = Commands;
const lists = [
  C.BuddyListDepartmentRequest,
  C.BuddyListAllUserRequest,
  C.GroupNormalListRequest,
  C.BuddyListRecentContactSessionRequest,
  C.MsgUnreadCntRequest,
] as const;
const webLists = lists.filter((command) => command !== C.BuddyListDepartmentRequest);

/**
 * By name. Timeouts, heartbeats, sequence numbers and requests are those of TeamTalk's clients; the back-off is an
 * approximation.
 */
export const behaviours: Readonly<Record<string, Behaviour>> = {
  windows: {
    clientType: ClientType.WINDOWS,
    wait: { first: 1_000, most: 16_000 },
    ackMs: 5_000,
    resends: true,
    loginMs: 10_000,
    heartbeatMs: 5_000,
    lastSeqNum: 0xffff,
    startUp: lists,
  },
  mac: {
    clientType: ClientType.MAC,
    wait: { first: 5_000, most: 5_000 },
    ackMs: 8_000,
    resends: false,
    loginMs: 8_000,
    heartbeatMs: 30_000,
    lastSeqNum: 0xffff,
    startUp: lists,
  },
  ios: {
    clientType: ClientType.IOS,
    wait: { first: 5_000, most: 5_000 },
    ackMs: 5_000,
    resends: false,
    loginMs: 5_000,
    heartbeatMs: 30_000,
    lastSeqNum: 0xffff,
    startUp: lists,
  },
  android: {
    clientType: ClientType.ANDROID,
    wait: { first: 3_000, most: 60_000 },
    ackMs: 6_000,
    resends: false,
    loginMs: 6_000,
    heartbeatMs: 240_000,
    lastSeqNum: 0x7fff,
    startUp: lists,
  },
  web: {
    clientType: ClientType.WINDOWS,
    wait: { first: 1_000, most: 30_000 },
    ackMs: 10_000,
    resends: false,
    loginMs: 10_000,
    heartbeatMs: 45_000,
    lastSeqNum: 0xffff,
    startUp: webLists,
  },
};

/** The PDUs of the start-up requests; of lists only what has changed since `seconds` of Unix time is requested. */
export function startUpOf({ startUp }: Behaviour, seconds: number, nextSeqNum: () => number): Buffer {
  const pdus = startUp.map((command) => {
    const body = { userId: 0, latestUpdateTime: seconds };
    return encodePdu(command as typeof C.BuddyListAllUserRequest, body, nextSeqNum());
  });
  return Buffer.concat(pdus);
}
