import { ask, notifyMembers, Problem, Refusal, type RefusalCode } from '@teamtalk/administration';
import { consoleApi, consoleWork } from '@teamtalk/rpc';
import type { ApiReply } from '../api/index.js';
import type { Call, Handlers } from './handler.js';

const { DEPARTURE_DONE, DEPARTURE_NOT_FOUND, DEPARTURE_UNKNOWN_SUCCESSOR } =
  consoleApi.console.DepartureResult;

/** Values of GroupModifyType. */
const [add, remove] = [1, 2] as const;
/** Milliseconds after which the remaining groups are left to another call. */
const enoughMs = 5_000;

export const departures: Handlers<'leaveGroups' | 'rejoinGroups'> = {
  leaveGroups(call, { params: { user_id: userId }, body: { successor_id: successorId } }) {
    return change(call, userId, 'user-not-left', () =>
      ask(call, consoleWork.leaveGroups, { userId, successorId: successorId ?? 0 }),
    );
  },

  rejoinGroups(call, { params: { user_id: userId } }) {
    return change(call, userId, 'user-has-left', () => ask(call, consoleWork.rejoinGroups, { userId }));
  },
};

/**
 * Changes groups and notifies their members, until none remains or the time is up.
 * @param conflict code for a conflict
 */
async function change(
  call: Call,
  userId: number,
  conflict: RefusalCode,
  some: () => Promise<consoleApi.console.ChangedGroups>,
): Promise<ApiReply<'leaveGroups'>> {
  const begun = performance.now();
  const owners = new Map<number, number>();
  for (;;) {
    const reply = await some();
    if (reply.result !== DEPARTURE_DONE) throw problemOf(reply.result, conflict);
    for (const changed of reply.groups as consoleApi.console.ChangedGroup[]) {
      await notifyOfGroup(call, userId, changed);
      owners.set(changed.groupId, changed.newOwnerId);
    }
    const { remaining } = reply;
    if (remaining > 0 && performance.now() - begun < enoughMs) continue;
    return {
      groups: Array.from(owners, ([groupId, ownerId]) => ({
        group_id: groupId,
        new_owner_id: ownerId || null,
      })),
      remaining,
    };
  }
}

/** Notifies the members of a group that a user has left or rejoined. */
export async function notifyOfGroup(
  call: Call,
  userId: number,
  { groupId, version, currentIds, addedIds, removedIds }: consoleApi.console.ChangedGroup,
): Promise<void> {
  const changes = [
    { changeType: add, changedIds: addedIds },
    { changeType: remove, changedIds: removedIds },
  ];
  for (const { changeType, changedIds } of changes) {
    if (changedIds.length === 0) continue;
    call.memberPace.notifies(call.actor.name, currentIds.length);
    await notifyMembers(call, { userId, groupId, changeType }, { currentIds, changedIds, version });
  }
}

function problemOf(result: consoleApi.console.DepartureResult, conflict: RefusalCode): Problem {
  if (result === DEPARTURE_NOT_FOUND) return new Problem('not-found', 'there is no such user');
  return new Refusal(result === DEPARTURE_UNKNOWN_SUCCESSOR ? 'successor-unknown' : conflict);
}
