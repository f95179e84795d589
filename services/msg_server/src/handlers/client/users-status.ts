import { topics } from '@teamtalk/bus';
import { Commands, encodePdu, type IM } from '@teamtalk/protocol';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { fitting } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';

/** Users per query to a route_server. */
const batchSize = 10_000;
/** Bytes of a user in the response at most. */
const entryBytes = 10;
/** Users whose status one connection may watch (presence broadcast `queried`). */
const maxWatched = 20_000;

/** 0x020a: which users are online, that is, on a PC; in the order of the request. */
export function getUsersStatus(context: Context): Handler {
  const watches = context.config.presenceBroadcast === 'queried';
  return request(
    context,
    Commands.BuddyListUsersStatusRequest,
    async (connection, { userIdList }, seqNum) => {
      if (watches) watch(connection, userIdList);
      const userStatList: IM.BaseDefine.UserStat.$Properties[] = [];
      for (let i = 0; i < userIdList.length; i += batchSize) {
        const userIds = userIdList.slice(i, i + batchSize);
        const { status } = await context.bus.request(topics.presenceQuery, { userIds }, queryMs);
        if (status?.length !== userIds.length) {
          throw new TeamTalkError('internal', 'presence reply does not match the requested users');
        }
        for (const [index, userId] of userIds.entries()) {
          userStatList.push({ userId, status: status[index] as IM.BaseDefine.UserStatType });
        }
      }
      const answer = {
        userId: connection.userId,
        userStatList: fitting(connection, userStatList, () => entryBytes),
      };
      return [encodePdu(Commands.BuddyListUsersStatusResponse, answer, seqNum)];
    },
  );
}

function watch(connection: Connection, userIds: readonly number[]): void {
  connection.watchedUsers ??= new Set();
  for (const userId of userIds) {
    if (connection.watchedUsers.size >= maxWatched) return;
    connection.watchedUsers.add(userId);
  }
}
