import { topics } from '@teamtalk/bus';
import { Commands, encodePdu, IM, type MessageOf } from '@teamtalk/protocol';
import { groups, teamtalk } from '@teamtalk/rpc';
import { costs } from '../../backpressure/request-costs.js';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request } from './handler.js';
import { memberList } from './member-list.js';

type ChangeRequest = MessageOf<typeof Commands.GroupChangeMemberRequest>;
type Change = Required<Pick<teamtalk.db.ChangeMembersReply, 'currentIds' | 'changedIds' | 'version'>>;

const { GROUP_OK } = teamtalk.db.GroupResult;
const { GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

/** Milliseconds a route_server has to notify the msg_servers; then another one is asked, once. */
const notifyTimeoutMs = 1_000;
const notifyAttempts = 2;

/**
 * 0x0407: adds members to a group or removes them. `result_code`: 0 ok, 1 no such group, 2 not permitted, 3 invalid,
 * 4 too many members (client-behaviour.md#changing-members). On success current, added and removed members get 0x040b
 * before the requesting connection gets its 0x0408; removed members get no message of the group after that.
 */
export function changeMembers(context: Context): Handler {
  const { metrics, pool, requestPace } = context;
  const change = async (connection: Connection, message: ChangeRequest, seqNum: number) => {
    const { userId } = connection;
    const { changeType, groupId, memberIdList } = message;
    const wanted = { userId, changeType, groupId, memberIds: memberIdList };
    // Not retried: a second attempt would change nobody, and the members would not be notified.
    const reply = await pool.callOnce(groups.changeMembers, wanted, queryMs);
    const answer = { userId, changeType, groupId, resultCode: reply.result };
    if (reply.result !== GROUP_OK) {
      metrics.refused.inc({ command: commandLabel(Commands.GroupChangeMemberRequest.id) });
      return [encodePdu(Commands.GroupChangeMemberResponse, answer, seqNum)];
    }
    const { currentIds, changedIds, version } = reply;
    if (changedIds.length > 0) {
      const cost = changedIds.length * costs.memberChanged + currentIds.length * costs.memberNotified;
      requestPace.charge(userId, cost, performance.now());
      await notifyMembers(context, connection, message, { currentIds, changedIds, version });
    }
    const changed = { ...answer, curUserIdList: currentIds, chgUserIdList: changedIds };
    return [encodePdu(Commands.GroupChangeMemberResponse, changed, seqNum)];
  };
  return request(context, Commands.GroupChangeMemberRequest, change, { list: memberList(4) });
}

/** The change is committed already, so a failed notification is only logged and counted. */
async function notifyMembers(
  { bus, kit, metrics }: Context,
  { id, userId }: Connection,
  { changeType, groupId }: ChangeRequest,
  { currentIds, changedIds, version }: Change,
): Promise<void> {
  const notice = { userId, changeType, groupId, curUserIdList: currentIds, chgUserIdList: changedIds };
  const change = {
    groupId,
    version,
    removedIds: changeType === GROUP_MODIFY_TYPE_DEL ? changedIds : [],
    notify: {
      userIds: [...new Set([...currentIds, ...changedIds])],
      pdu: encodePdu(Commands.GroupChangeMemberNotify, notice, 0),
      exceptInstance: kit.instance,
      exceptConnection: id,
    },
  };
  let failure: unknown;
  for (let attempt = 0; attempt < notifyAttempts; attempt++) {
    try {
      await bus.request(topics.groupChange, change, notifyTimeoutMs);
      return;
    } catch (error) {
      failure = error;
    }
  }
  metrics.groupChangesUnconfirmed.inc();
  kit.log.warn({ err: failure, groupId, version }, 'group change unconfirmed');
}
