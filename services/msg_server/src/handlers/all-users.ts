import { ClientType, Commands, encodePdu, encodeRawPdu, IM } from '@teamtalk/protocol';
import { accounts, type teamtalk } from '@teamtalk/rpc';
import { shareAnswers } from '@teamtalk/service-kit';
import type { Connection } from '../connection/connection.js';
import type { Context } from '../context.js';
import { pages } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';
import { userInfo } from './user-info.js';

type UserInfo = IM.BaseDefine.UserInfo.$Properties;

const command = Commands.BuddyListAllUserResponse;

/**
 * 0x0208: the users who changed since a time, all who have not left since 0. One 0x0209; several of the
 * same seq_num only for Android and only when one does not fit (protocol notes, section 12).
 */
export function listAllUsers(context: Context): Handler {
  const changes = shareAnswers(
    async (since) =>
      new UserChanges(await context.pool.call(accounts.listUsers, { updatedSince: since }, queryMs)),
  );
  return request(
    context,
    Commands.BuddyListAllUserRequest,
    async (connection, { latestUpdateTime }, seqNum) =>
      (await changes(latestUpdateTime)).answer(connection, seqNum),
  );
}

/** One answer of the store, given to everybody who asked meanwhile: ten thousand users are encoded once for all. */
class UserChanges {
  readonly #users: UserInfo[];
  readonly #latestUpdateTime: number;
  #encodedList: Buffer | undefined;

  constructor({ users, latestUpdateTime }: teamtalk.db.UserList.$Properties) {
    this.#users = (users ?? []).map(userInfo);
    this.#latestUpdateTime = latestUpdateTime ?? 0;
  }

  answer(connection: Connection, seqNum: number): Buffer[] {
    const head = { userId: connection.userId, latestUpdateTime: this.#latestUpdateTime };
    if (connection.clientType === ClientType.ANDROID) {
      return pages(connection, this.#users, encodedBytes).map((userList) =>
        encodePdu(command, { ...head, userList }, seqNum),
      );
    }
    return [encodeRawPdu(command.id, Buffer.concat([encode(head), this.#list()]), seqNum)];
  }

  /** The list as it stands behind the fields before it, which differ from one who asks to the next. */
  #list(): Buffer {
    if (!this.#encodedList) {
      const head = { userId: 0, latestUpdateTime: this.#latestUpdateTime };
      this.#encodedList = encode({ ...head, userList: this.#users }).subarray(encode(head).length);
    }
    return this.#encodedList;
  }
}

function encode(body: { userId: number; latestUpdateTime: number; userList?: UserInfo[] }): Buffer {
  return Buffer.from(command.type.encode(body).finish());
}

/** Bytes of a user in a list, the length before it included. */
export function encodedBytes(user: UserInfo): number {
  return IM.BaseDefine.UserInfo.encode(user).len + 5;
}
