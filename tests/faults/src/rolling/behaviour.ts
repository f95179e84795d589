import { type AnyCommand, ClientType, Commands, encodePdu } from '@teamtalk/protocol';

/** How one of the five clients behaves around a broken connection. Times: milliseconds. */
export interface Behaviour {
  readonly clientType: number;
  /** what it waits before it asks for a server again: the first time, and at most; each time twice as long */
  readonly wait: { readonly first: number; readonly most: number };
  /** how long it waits for the ack of a message */
  readonly ackMs: number;
  /** Sends a message without an ack again, on the same connection with the same seq_num. */
  readonly resends: boolean;
  /** how long it waits for the answer to its login */
  readonly loginMs: number;
  readonly heartbeatMs: number;
  /** where its seq_num begins anew, after 1 to this */
  readonly lastSeqNum: number;
  /** requests right behind the login's answer */
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
 * By their names. Acks, heartbeats, sequence numbers and requests as TeamTalk's clients have them; what each waits
 * before it dials again is emulated.
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

/** The start-up requests as bytes; of lists only what has changed since `seconds` (of the clock) is asked for. */
export function startUpOf({ startUp }: Behaviour, seconds: number, nextSeqNum: () => number): Buffer {
  const pdus = startUp.map((command) => {
    const body = { userId: 0, latestUpdateTime: seconds };
    return encodePdu(command as typeof C.BuddyListAllUserRequest, body, nextSeqNum());
  });
  return Buffer.concat(pdus);
}
