import { loginFrame } from '@teamtalk/local-stack';
import { ClientType, Commands, encodePdu } from '@teamtalk/protocol';
import type { Random } from '../../chaos/schedules/random.js';
import type { Conversation, StreamInput } from '../making/input.js';
import { inChunks, PduMaker, type Weights } from '../making/pdu-maker.js';
import { bytesOf, type Known } from '../making/values.js';

/** What asks other services is rarer, so that most of the time is spent on reading what clients send. */
const weights: Weights = [
  [Commands.MsgTimeRequest, 1_000],
  [Commands.MsgDataAck, 1_000],
  [Commands.SwitchP2pCmd, 6],
  [Commands.BuddyListUsersStatusRequest, 8],
  [Commands.BuddyListUserInfoRequest, 8],
  [Commands.MsgData, 6],
  [Commands.MsgReadAck, 6],
  [Commands.MsgListRequest, 4],
  [Commands.MsgGetLatestMsgIdReq, 4],
  [Commands.MsgGetByMsgIdReq, 4],
  [Commands.MsgUnreadCntRequest, 3],
  [Commands.BuddyListRecentContactSessionRequest, 3],
  [Commands.BuddyListRemoveSessionReq, 3],
  [Commands.GroupInfoRequest, 4],
  [Commands.GroupNormalListRequest, 3],
  [Commands.GroupShieldGroupRequest, 2],
  [Commands.GroupChangeMemberRequest, 1],
  [Commands.GroupCreateRequest, 1],
  [Commands.BuddyListAllUserRequest, 1],
  [Commands.BuddyListDepartmentRequest, 1],
  [Commands.BuddyListChangeAvatarRequest, 1],
  [Commands.BuddyListChangeSignInfoRequest, 1],
  [Commands.LoginReqDevicetoken, 1],
  [Commands.LoginReqPushShield, 1],
  [Commands.LoginReqQueryPushShield, 2],
  [Commands.FileRequest, 1],
  [Commands.FileHasOfflineReq, 1],
  [Commands.FileAddOfflineReq, 1],
  [Commands.FileDelOfflineReq, 1],
];

const markerSeq = 0xbeef;
/** Command and sequence number of the answer to the last request. */
const marker = Buffer.from([0x03, 0x06, 0xbe, 0xef]);
const last = encodePdu(Commands.MsgTimeRequest, {}, markerSeq);

const clientTypes = [ClientType.WINDOWS, ClientType.MAC, ClientType.IOS, ClientType.ANDROID] as const;

export interface Accounts {
  /** its own users of each connection at a time, so that they do not end one another's sessions */
  names: readonly string[];
  password: string;
  /** PDUs of a connection that has logged in, at most */
  most: number;
}

/** Command and sequence number of a login's answer. */
const loginAnswer = Buffer.from([0x01, 0x04, 0x00, 0x01]);

/** The PDUs of a connection. */
/** What clients send, and what looks like it. */
export class MsgServerInputs {
  readonly #random: Random;
  readonly #pdus: PduMaker;
  readonly #accounts: Accounts;

  constructor(random: Random, known: Known, accounts: Accounts) {
    this.#random = random;
    this.#pdus = new PduMaker(random, known, weights);
    this.#accounts = accounts;
  }

  make(): Conversation {
    return this.#random.chance(0.9) ? this.#afterLogin() : this.#beforeLogin();
  }

  makeStream(): StreamInput {
    const { login, pdus, ...rest } = this.make();
    const random = this.#random;
    return {
      kind: 'stream',
      service: 'msg_server',
      port: 'client',
      ...rest,
      ...(login && { login: { chunks: inChunks(random, [login.pdu]), answer: login.answer } }),
      chunks: inChunks(random, pdus),
    };
  }

  #afterLogin(): Conversation {
    const random = this.#random;
    const { names, password, most } = this.#accounts;
    const pdu = loginFrame({ name: random.pick(names), password, clientType: random.pick(clientTypes) });
    const pdus: Buffer[] = [];
    const count = random.chance(0.3) ? random.between(1, 30) : random.between(30, most);
    for (let i = 0; i < count; i++) {
      pdus.push(this.#pdus.next());
      // Twenty bad ones in a row would end the connection.
      if (i % 10 === 0) pdus.push(this.#pdus.heartbeat());
    }
    if (random.chance(0.03)) pdus.push(loginFrame({ name: random.pick(names), password, clientType: 1 }));
    pdus.push(last);
    // What comes behind it cannot keep the connection waiting for the answer.
    if (random.chance(0.1)) {
      pdus.push(random.chance(0.8) ? this.#pdus.broken() : this.#pdus.of(Commands.LoginReqLoginout, 0.2));
    }
    const ending = random.chance(0.8) ? 'end' : 'destroy';
    return { login: { pdu, answer: loginAnswer }, pdus, ending, marker };
  }

  #beforeLogin(): Conversation {
    const random = this.#random;
    const pdus: Buffer[] = [];
    const draw = random.next();
    if (draw < 0.3) {
      for (let i = random.between(1, 20); i > 0; i--) pdus.push(this.#pdus.heartbeat());
      pdus.push(this.#pdus.make());
    } else if (draw < 0.6) {
      pdus.push(this.#pdus.of(Commands.LoginReqUserlogin, 0.4), this.#pdus.make(), this.#pdus.make());
    } else if (draw < 0.8) {
      pdus.push(this.#pdus.broken());
    } else if (draw < 0.9) {
      pdus.push(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    } else {
      pdus.push(bytesOf(random, random.between(1, 3_000)));
    }
    return { pdus, ending: random.chance(0.5) ? 'end' : 'destroy' };
  }
}
