import { consoleApi } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { BulkChange } from '../accounts/imports/choose-users.js';
import { maxImportRows } from '../accounts/imports/user-imports.js';
import type { UserAdministration } from '../accounts/user-administration.js';
import type { Actor } from '../actor.js';
import type { Context } from '../context.js';
import type { DepartureOutcome } from '../groups/departures.js';
import { toWireChange } from './changed-group.js';
import { toReply } from './user-imports.js';

const { IMPORT_NOT_FOUND } = consoleApi.console.ImportResult;

/** Users fetched at a time. */
const pageRows = 1_000;

/** Handlers for bulk changes: imports whose rows are users chosen in the console. */
export function bulkChangeHandlers({ departures, userAdministration, userImports }: Context) {
  /** Takes a user out of their groups, or puts them back. @returns undefined: they are not to be changed any more */
  async function changeGroups(
    { userId, leaves }: { userId: number; leaves: boolean },
    successorId: number,
    actor: Actor,
  ): Promise<DepartureOutcome | undefined> {
    if (userId === 0) return undefined;
    if (!leaves) return departures.rejoin(userId, actor);
    const outcome = await departures.leave(userId, successorId, actor);
    // Without a successor, who has left meanwhile, the longest-standing members take over.
    return outcome.result === 'unknown-successor' ? departures.leave(userId, 0, actor) : outcome;
  }

  return {
    async chooseUsers(request: consoleApi.console.ChooseUsersRequest, { actor }: { actor: Actor }) {
      const { userIds, filter } = request;
      const change = toChange(request);
      const ids = userIds.length > 0 ? userIds : await matching(userAdministration, filter ?? {});
      return toReply(await userImports.choose(change, ids, actor));
    },

    async confirmCutOff({ importId, userIds }: consoleApi.console.ConfirmCutOffRequest) {
      const [current, rows] = await Promise.all([
        userImports.find(importId),
        userImports.toCutOff(importId, userIds),
      ]);
      if (!current) return { result: IMPORT_NOT_FOUND };
      const value = await userImports.setToDo(importId, rows, 1, current.keep_groups ? 0 : 2);
      return toReply({ result: 'done', value: value ?? current });
    },

    async changeGroupsOfChosen(
      { importId }: consoleApi.console.UserImportRequest,
      { actor }: { actor: Actor },
    ): Promise<consoleApi.console.GroupsOfChosen.$Properties> {
      const current = await userImports.find(importId);
      if (!current) return { result: IMPORT_NOT_FOUND };
      const [next] = await userImports.leftToDo(importId, [2, 3], 1);
      if (!next) return toReply({ result: 'done', value: current });
      const { rowNo, userId, toDo } = next;
      const who = { userId, leaves: toDo === 2 };
      const outcome = await changeGroups(who, current.successor_id ?? 0, actor);
      const groups = outcome?.result === 'done' ? outcome : { groups: [], remaining: 0 };
      const after = groups.remaining === 0 ? await userImports.setToDo(importId, [rowNo], toDo, 0) : current;
      const reply = toReply({ result: 'done', value: after ?? current });
      return { ...reply, userId, groups: groups.groups.map(toWireChange) };
    },
  };
}

function toChange({
  kind,
  departmentId,
  keepGroups,
  successorId,
}: consoleApi.console.ChooseUsersRequest): BulkChange {
  if (kind === 'move') return { kind, departmentId };
  if (kind === 'leave') return { kind, keepGroups, successorId };
  throw new TeamTalkError('invalid-argument', `a bulk change is move or leave, not ${kind}`);
}

/** The ids of the users that match a filter, and one too many when there are more than a bulk change can have. */
async function matching(
  userAdministration: UserAdministration,
  { text, departmentId, status }: consoleApi.console.UserChoice.$Properties,
): Promise<number[]> {
  const ids: number[] = [];
  const filter = {
    limit: pageRows,
    name: '',
    userId: 0,
    userIds: [],
    departmentIds: [],
    text: text ?? '',
    departmentId: departmentId ?? 0,
    status: status ?? 0,
  };
  while (ids.length <= maxImportRows) {
    const page = await userAdministration.find({ ...filter, after: ids.at(-1) ?? 0 });
    for (const { id } of page) ids.push(id);
    if (page.length < pageRows) break;
  }
  return ids;
}
