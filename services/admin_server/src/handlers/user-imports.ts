import {
  ask,
  askOnce,
  endLogins,
  momentOf,
  Problem,
  Refusal,
  type RefusalCode,
} from '@teamtalk/administration';
import { faultText } from '@teamtalk/administration/user-table';
import { consoleApi, consoleWork } from '@teamtalk/rpc';
import type { InputOf } from '../api/definition.js';
import type { Api, ApiReply } from '../api/index.js';
import { importKinds, importOutcomes } from '../api/user-imports.js';
import { userStatuses } from '../api/users.js';
import { notifyOfChange } from './group-notices.js';
import type { Call, Handlers } from './handler.js';

const {
  IMPORT_CONFLICT,
  IMPORT_DONE,
  IMPORT_NOBODY,
  IMPORT_NOT_FOUND,
  IMPORT_UNKNOWN_DEPARTMENT,
  IMPORT_UNKNOWN_SUCCESSOR,
} = consoleApi.console.ImportResult;

const importRefusals = new Map<consoleApi.console.ImportResult, RefusalCode>([
  [IMPORT_CONFLICT, 'import-state'],
  [IMPORT_NOBODY, 'nobody-chosen'],
  [IMPORT_UNKNOWN_DEPARTMENT, 'wrong-department'],
  [IMPORT_UNKNOWN_SUCCESSOR, 'successor-unknown'],
]);

/** Milliseconds the store has for a batch of rows. */
const batchMs = 15_000;

/** Milliseconds after which the remaining groups are left to another call. */
const groupsMs = 5_000;

type Shown = ApiReply<'getUserImport'>;
type FilteredUsers = Extract<InputOf<Api['chooseUsers']>['body']['users'], { by: 'filter' }>;

export const userImports: Handlers<
  | 'createUserImport'
  | 'chooseUsers'
  | 'addUserImportRows'
  | 'listUserImports'
  | 'getUserImport'
  | 'listUserImportRows'
  | 'runUserImport'
  | 'undoUserImport'
  | 'issueImportPasswords'
> = {
  async createUserImport(call, { body }) {
    return shownOf(await askOnce(call, consoleWork.createUserImport, { fileName: body.file_name }));
  },

  async chooseUsers(call, { body: { action, users } }) {
    const { department_id, keep_groups, successor_id } = {
      department_id: null,
      keep_groups: true,
      successor_id: null,
      ...action,
    };
    const request = {
      kind: action.kind,
      departmentId: department_id ?? 0,
      keepGroups: keep_groups,
      successorId: successor_id ?? 0,
      ...(users.by === 'ids' ? { userIds: users.user_ids } : { filter: filterOf(users) }),
    };
    return shownOf(await askOnce(call, consoleWork.chooseUsers, request, batchMs));
  },

  async addUserImportRows(call, { params: { import_id: importId }, body }) {
    const rows = body.rows.map(
      ({ nick_name: nickName, real_name: realName, sign_info: signInfo, ...row }) => ({
        ...row,
        nickName,
        realName,
        signInfo,
      }),
    );
    const reply = await ask(call, consoleWork.addUserImportRows, { importId, rows }, batchMs);
    requireDone(reply.result);
    return { rows: rowsOf(reply) };
  },

  async listUserImports(call) {
    const { imports } = await ask(call, consoleWork.listUserImports, {});
    return { imports: (imports as consoleApi.console.UserImport[]).map(toImport) };
  },

  async getUserImport(call, { params: { import_id: importId } }) {
    return shownOf(await ask(call, consoleWork.getUserImport, { importId }));
  },

  async listUserImportRows(call, { params: { import_id: importId }, query }) {
    const { after = 0, limit, outcome = '' } = query;
    const reply = await ask(call, consoleWork.listUserImportRows, { importId, after, limit, outcome });
    requireDone(reply.result);
    const rows = rowsOf(reply);
    return { rows, next: rows.length < limit ? null : (rows.at(-1)?.row ?? null) };
  },

  async runUserImport(call, { params: { import_id: importId } }) {
    const reply = await ask(call, consoleWork.runUserImport, { importId }, batchMs);
    const shown = await cutOff(call, shownOf(reply), reply.leftIds);
    return changeGroups(call, shown);
  },

  async undoUserImport(call, { params: { import_id: importId } }) {
    const reply = await ask(call, consoleWork.undoUserImport, { importId }, batchMs);
    const shown = await cutOff(call, shownOf(reply), reply.leftIds);
    return changeGroups(call, shown);
  },

  async issueImportPasswords(call, { params: { import_id: importId }, body }) {
    const { after = 0, renew = false } = body;
    const reply = await ask(call, consoleWork.issueImportPasswords, { importId, after, renew }, batchMs);
    requireDone(reply.result);
    const users = (reply.users as consoleApi.console.IssuedPassword[]).map(
      ({ userId: user_id, realName: real_name, ...shown }) => ({ user_id, real_name, ...shown }),
    );
    return { users, next: reply.next || null };
  },
};

/** Disconnects users who have left; they can no longer log in. @returns those who were disconnected */
async function endConnectionsOf(call: Call, userIds: readonly number[]): Promise<number[]> {
  const results = await Promise.allSettled(userIds.map((userId) => endLogins(call, userId)));
  const ended = userIds.filter((_, at) => results[at]?.status === 'fulfilled');
  const failed = userIds.length - ended.length;
  if (failed > 0) call.log.warn({ failed }, 'connections of users who left not ended');
  return ended;
}

/**
 * Disconnects the leavers of a batch, and notes that they are. Those who are not are due again with the next call.
 * @throws Problem `unavailable` when nobody could be disconnected
 */
async function cutOff(call: Call, shown: Shown, userIds: readonly number[]): Promise<Shown> {
  if (userIds.length === 0) return shown;
  const ended = await endConnectionsOf(call, userIds);
  if (ended.length === 0) throw new Problem('unavailable', 'no route_server responds');
  const request = { importId: shown.import_id, userIds: ended };
  return shownOf(await ask(call, consoleWork.confirmCutOff, request, batchMs));
}

/** When all users are changed: takes leavers out of their groups, or puts them back, for as long as a call should take. */
async function changeGroups(call: Call, begun: Shown): Promise<Shown> {
  const { import_id: importId, kind, creates, changes, leaves } = begun;
  const isUndoing = begun.state === 'undoing';
  const end = performance.now() + groupsMs;
  let shown = begun;
  const isNext = () =>
    shown.pending > 0 &&
    (isUndoing ? shown.undone === shown.done : shown.done === creates + changes + leaves);
  while (kind === 'leave' && isNext() && performance.now() < end) {
    const reply = await askOnce(call, consoleWork.changeGroupsOfChosen, { importId });
    const groups = reply.groups as consoleApi.console.ChangedGroup[];
    for (const changed of groups) await notifyOfChange(call, reply.userId, changed);
    shown = shownOf(reply);
    if (reply.userId === 0) break;
  }
  return shown;
}

function filterOf({ text, department_id: departmentId, status }: FilteredUsers) {
  return { text, departmentId, status: userStatuses.indexOf(status) };
}

function shownOf({
  result,
  userImport,
}: Pick<consoleApi.console.UserImportReply, 'result' | 'userImport'>): Shown {
  requireDone(result);
  return toImport(userImport as consoleApi.console.UserImport);
}

function toImport(found: consoleApi.console.UserImport): Shown {
  const { rows, creates, changes, leaves, same, errors, done, pending, undone, kept } = found;
  return {
    import_id: found.importId,
    // db_proxy_servers of the version before have no kind.
    kind: importKinds.find((each) => each === found.kind) ?? 'file',
    file_name: found.fileName,
    department_id: found.departmentId || null,
    keep_groups: found.keepGroups,
    successor_id: found.successorId || null,
    created_by: found.createdBy,
    created_at: momentOf(found.createdAt),
    state: stateOf(found),
    rows,
    creates,
    changes,
    leaves,
    same,
    errors,
    done,
    pending,
    undone,
    kept,
  };
}

function stateOf({
  begun,
  reverted,
  creates,
  changes,
  leaves,
  done,
  pending,
  undone,
}: consoleApi.console.UserImport): Shown['state'] {
  if (reverted) return undone < done || pending > 0 ? 'undoing' : 'undone';
  if (!begun) return 'checked';
  return done < creates + changes + leaves || pending > 0 ? 'running' : 'done';
}

function rowsOf({ rows }: consoleApi.console.UserImportRowsReply): ApiReply<'addUserImportRows'>['rows'] {
  return (rows as consoleApi.console.UserImportRow[]).map(({ row, name, outcome, faults, userId }) => ({
    row,
    name,
    outcome: importOutcomes.find((each) => each === outcome) ?? 'error',
    faults: (faults as consoleApi.console.ImportFault[]).map(({ column, fault, value }) => ({
      column,
      fault,
      value,
      detail: faultText({ column, fault, value }),
    })),
    user_id: userId || null,
  }));
}

function requireDone(result: consoleApi.console.ImportResult): void {
  if (result === IMPORT_DONE) return;
  if (result === IMPORT_NOT_FOUND) throw new Problem('not-found', 'there is no such import');
  throw new Refusal(importRefusals.get(result) ?? 'import-too-large');
}
