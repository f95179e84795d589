import { topics } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { groups, teamtalk } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import { type Actor, anybody } from './actor.js';
import type { Backend } from './backend.js';
import { Problem } from './problem.js';
import { Refusal } from './refusal.js';

const { GROUP_OK } = teamtalk.db.GroupResult;
const { GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

/** Milliseconds the store has to respond. */
const storeMs = 3_000;
/** Milliseconds a route_server has to notify the members. */
const notifyTimeoutMs = 1_000;

/** Why a group was not created or not changed. */
export type GroupRefusal =
  | 'not-found'
  /** none of the listed users exists, or too many are listed */
  | 'invalid'
  | 'full'
  /** the user may not do this */
  | 'not-permitted'
  /** the key was used for another request */
  | 'other-request'
  /** the caller exceeds its rate limit and can retry later */
  | 'too-fast'
  /** the outcome is unknown; with an idempotency key the caller can safely retry */
  | 'unavailable';

export interface NewGroup {
  userId: number;
  /** 1 normal, 2 temporary */
  groupType: number;
  groupName: string;
  groupAvatar: string;
  memberIds: number[];
  /** false: the user needs the right to do it, as in a client */
  byAdmin: boolean;
  /** who makes the call on the user's behalf */
  actor: Actor;
  /** the caller's idempotency key, scoped to its app; empty: none */
  idempotencyKey: string;
}

/** Creates a group of the listed users who exist; the creator is always a member. */
export async function makeGroup(
  { memberPace, pool }: Pick<Backend, 'memberPace' | 'pool'>,
  group: NewGroup,
): Promise<{ groupId: number; memberIds: number[] } | GroupRefusal> {
  if (!(await memberPace.turn(callerOf(group.actor), group.memberIds.length))) return 'too-fast';
  const wanted = { ...group, actor: { ...group.actor, asUser: group.userId } };
  const reply = await askOnce(
    // Not retried without a key: a second attempt could create a second group.
    wanted.idempotencyKey
      ? pool.call(groups.createGroup, wanted, storeMs)
      : pool.callOnce(groups.createGroup, wanted, storeMs),
  );
  if (typeof reply === 'string') return reply;
  if (reply.result !== GROUP_OK) return refusalFor(reply.result);
  return { groupId: reply.groupId, memberIds: reply.memberIds };
}

export interface MemberChange {
  userId: number;
  groupId: number;
  /** 1 add, 2 remove */
  changeType: IM.BaseDefine.GroupModifyType;
  memberIds: number[];
  /** as in NewGroup */
  byAdmin: boolean;
  /** as in NewGroup */
  actor: Actor;
  /** as in NewGroup */
  idempotencyKey: string;
}

/** Adds members to a group or removes them; current, added and removed members are notified by 0x040b. */
export async function changeGroupMembers(
  context: Backend,
  change: MemberChange,
): Promise<{ currentIds: number[]; changedIds: number[] } | GroupRefusal> {
  const { memberPace, pool } = context;
  const caller = callerOf(change.actor);
  if (!(await memberPace.turn(caller, change.memberIds.length))) return 'too-fast';
  const wanted = { ...change, actor: { ...change.actor, asUser: change.userId } };
  const reply = await askOnce(
    // Not retried without a key: a second attempt would change nothing, so the members would not be notified.
    wanted.idempotencyKey
      ? pool.call(groups.changeMembers, wanted, storeMs)
      : pool.callOnce(groups.changeMembers, wanted, storeMs),
  );
  if (typeof reply === 'string') return reply;
  if (reply.result !== GROUP_OK) return refusalFor(reply.result);
  // A repeated call notifies again: the replica that served the first one may have died before notifying.
  if (reply.changedIds.length > 0) {
    memberPace.notifies(caller, reply.currentIds.length);
    await notifyMembers(context, change, reply);
  }
  return { currentIds: reply.currentIds, changedIds: reply.changedIds };
}

/** Whose rate limit applies: the app's, or the address's when there is no key. */
function callerOf({ name, source }: Actor): string {
  return name === anybody ? source : name;
}

/** Logs a failed notification without throwing, because the change is already committed. */
export async function notifyMembers(
  { bus, log }: Pick<Backend, 'bus' | 'log'>,
  { userId, groupId, changeType }: Pick<MemberChange, 'userId' | 'groupId' | 'changeType'>,
  {
    currentIds,
    changedIds,
    version,
  }: Pick<teamtalk.db.ChangeMembersReply, 'currentIds' | 'changedIds' | 'version'>,
): Promise<void> {
  const notice = {
    userId,
    changeType,
    groupId,
    curUserIdList: currentIds,
    chgUserIdList: changedIds,
  };
  try {
    await bus.request(
      topics.groupChange,
      {
        groupId,
        version,
        removedIds: changeType === GROUP_MODIFY_TYPE_DEL ? changedIds : [],
        notify: {
          userIds: [...new Set([...currentIds, ...changedIds])],
          pdu: encodePdu(Commands.GroupChangeMemberNotify, notice, 0),
        },
      },
      notifyTimeoutMs,
    );
  } catch (error) {
    log.warn({ err: error, groupId, version }, 'group change unconfirmed');
  }
}

async function askOnce<Reply>(asking: Promise<Reply>): Promise<Reply | 'other-request' | 'unavailable'> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof TeamTalkError)) throw error;
    // The store's other checks have already been made here, so only the key can be invalid.
    return error.code === 'invalid-argument' ? 'other-request' : 'unavailable';
  }
}

function refusalFor(result: teamtalk.db.GroupResult): GroupRefusal {
  if (result === teamtalk.db.GroupResult.GROUP_NOT_FOUND) return 'not-found';
  if (result === teamtalk.db.GroupResult.GROUP_NOT_PERMITTED) return 'not-permitted';
  return result === teamtalk.db.GroupResult.GROUP_FULL ? 'full' : 'invalid';
}

/** Attempts to empty a group to be dissolved; one is enough unless members are added concurrently. */
const maxRounds = 5;

/**
 * Dissolves a group: removes its members.
 * @param as the user who dissolves it; undefined: one of the members, on an administrator's behalf
 * @throws Problem `conflict` when members are being added concurrently; otherwise as groupProblem
 */
export async function dissolveGroup(
  backend: Backend,
  {
    members,
    as,
    ...group
  }: { groupId: number; members: number[]; as: number | undefined; byAdmin: boolean; actor: Actor },
): Promise<void> {
  let left = members;
  for (let round = 0; round < maxRounds && left.length > 0; round++) {
    const outcome = await changeGroupMembers(backend, {
      ...group,
      changeType: GROUP_MODIFY_TYPE_DEL,
      memberIds: left,
      userId: as ?? (left[0] as number),
      idempotencyKey: '',
    });
    if (typeof outcome === 'string') throw groupProblem(outcome);
    left = outcome.currentIds;
  }
  if (left.length > 0) throw new Refusal('members-changing');
}

export function groupProblem(refusal: GroupRefusal): Problem {
  if (refusal === 'unavailable') return new Problem('unavailable');
  if (refusal === 'too-fast')
    return new Problem('too-many-calls', 'too many members changed in a short time');
  if (refusal === 'other-request') return new Problem('other-request');
  if (refusal === 'not-found') return new Problem('not-found', 'there is no such group');
  if (refusal === 'not-permitted') return new Problem('not-permitted', 'the user may not do this');
  return new Refusal(refusal === 'full' ? 'group-full' : 'no-such-members');
}
