import { ask, endLogins, momentOf, Problem, Refusal } from '@teamtalk/administration';
import { faultText } from '@teamtalk/administration/user-table';
import { consoleApi, consoleWork } from '@teamtalk/rpc';
import type { ApiReply } from '../api/index.js';
import { importOutcomes } from '../api/user-imports.js';
import type { Call, Handlers } from './handler.js';

const { IMPORT_CONFLICT, IMPORT_DONE, IMPORT_NOT_FOUND } = consoleApi.console.ImportResult;

/** Milliseconds the store has for a batch of rows. */
const batchMs = 15_000;

type Shown = ApiReply<'getUserImport'>;

export const userImports: Handlers<
  | 'createUserImport'
  | 'addUserImportRows'
  | 'listUserImports'
  | 'getUserImport'
  | 'listUserImportRows'
  | 'runUserImport'
  | 'undoUserImport'
  | 'issueImportPasswords'
> = {
  async createUserImport(call, { body }) {
    return shownOf(await ask(call, consoleWork.createUserImport, { fileName: body.file_name }));
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
    return shownOf(await ask(call, consoleWork.runUserImport, { importId }, batchMs));
  },

  async undoUserImport(call, { params: { import_id: importId } }) {
    const reply = await ask(call, consoleWork.undoUserImport, { importId }, batchMs);
    const shown = shownOf(reply);
    await endConnectionsOf(call, reply.leftIds);
    return shown;
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

/** Disconnects users who have left; they can no longer log in. */
async function endConnectionsOf(call: Call, userIds: readonly number[]): Promise<void> {
  const results = await Promise.allSettled(userIds.map((userId) => endLogins(call, userId)));
  const failed = results.filter(({ status }) => status === 'rejected').length;
  if (failed > 0) call.log.warn({ failed }, 'connections of users who left not ended');
}

function shownOf({ result, userImport }: consoleApi.console.UserImportReply): Shown {
  requireDone(result);
  return toImport(userImport as consoleApi.console.UserImport);
}

function toImport(found: consoleApi.console.UserImport): Shown {
  const { rows, creates, changes, same, errors, done, undone, kept } = found;
  return {
    import_id: found.importId,
    file_name: found.fileName,
    created_by: found.createdBy,
    created_at: momentOf(found.createdAt),
    state: stateOf(found),
    rows,
    creates,
    changes,
    same,
    errors,
    done,
    undone,
    kept,
  };
}

function stateOf({
  begun,
  reverted,
  creates,
  changes,
  done,
  undone,
}: consoleApi.console.UserImport): Shown['state'] {
  if (reverted) return undone < done ? 'undoing' : 'undone';
  if (!begun) return 'checked';
  return done < creates + changes ? 'running' : 'done';
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
  throw new Refusal(result === IMPORT_CONFLICT ? 'import-state' : 'import-too-large');
}
