import { notifyMembers } from '@teamtalk/administration';
import type { consoleApi } from '@teamtalk/rpc';
import type { Call } from './handler.js';

/** Values of GroupModifyType. */
const [add, remove] = [1, 2] as const;

/**
 * Notifies current, added and removed members by 0x040b.
 * @param userId whom clients show as the one who made the change
 */
export async function notifyOfChange(
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
