import { topics } from '@teamtalk/bus';
import { Commands, type IM, type MessageOf } from '@teamtalk/protocol';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { fitting } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';
import { encodeSliced } from './sliced-list.js';

type Request = MessageOf<typeof Commands.BuddyListUsersStatusRequest>;
type Stat = IM.BaseDefine.UserStat.$Properties;

/** Users per request at most; further ones are ignored (client-behaviour.md#cost-of-requests). */
const maxUsers = 50_000;
/** Users per query to a route_server. */
const batchSize = 5_000;
/** Bytes of a user in the response at most. */
const entryBytes = 10;
/** Users whose status one connection may watch (presence broadcast `queried`). */
const maxWatched = 20_000;

/** 0x020a: which users are online, that is, on a PC; in the order of the request. */
export function getUsersStatus(context: Context): Handler {
  const watches = context.config.presenceBroadcast === 'queried';
  const list = { field: 2, isNumbers: true, max: maxUsers };
  const answer = async (connection: Connection, { userIdList }: Request, seqNum: number) => {
    if (watches) watch(connection, userIdList);
    const asked = fitting(connection, userIdList, () => entryBytes);
    const stats: Stat[] = [];
    for (let i = 0; i < asked.length; i += batchSize) {
      const userIds = asked.slice(i, i + batchSize);
      const { status } = await context.bus.request(topics.presenceQuery, { userIds }, queryMs);
      if (status?.length !== userIds.length) {
        throw new TeamTalkError('internal', 'presence reply does not match the requested users');
      }
      for (const [index, userId] of userIds.entries()) {
        stats.push({ userId, status: status[index] as IM.BaseDefine.UserStatType });
      }
    }
    const { userId } = connection;
    const withList = (userStatList: Stat[]) => ({ userId, userStatList });
    const command = Commands.BuddyListUsersStatusResponse;
    return encodeSliced(connection, command, { userId }, stats, withList, seqNum);
  };
  return request(context, Commands.BuddyListUsersStatusRequest, answer, { list });
}

function watch(connection: Connection, userIds: readonly number[]): void {
  connection.watchedUsers ??= new Set();
  for (const userId of userIds) {
    if (connection.watchedUsers.size >= maxWatched) return;
    connection.watchedUsers.add(userId);
  }
}
