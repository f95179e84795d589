import { consoleApi } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { ImportRow } from '../accounts/imports/import-rows.js';
import { type ImportResult, type JudgedRow, maxRowsAtATime } from '../accounts/imports/user-imports.js';
import type { Actor } from '../actor.js';
import type { Context } from '../context.js';

const {
  IMPORT_CONFLICT,
  IMPORT_DONE,
  IMPORT_FULL,
  IMPORT_NOBODY,
  IMPORT_NOT_FOUND,
  IMPORT_UNKNOWN_DEPARTMENT,
  IMPORT_UNKNOWN_SUCCESSOR,
} = consoleApi.console.ImportResult;

type Request = consoleApi.console.UserImportRequest;

interface Caller {
  actor: Actor;
}

const results = {
  'not-found': IMPORT_NOT_FOUND,
  conflict: IMPORT_CONFLICT,
  full: IMPORT_FULL,
  nobody: IMPORT_NOBODY,
  'unknown-department': IMPORT_UNKNOWN_DEPARTMENT,
  'unknown-successor': IMPORT_UNKNOWN_SUCCESSOR,
} as const;

/** Handlers for importing users from files, and for bulk changes. */
export function userImportHandlers({ userImports }: Context) {
  async function found(importId: number): Promise<consoleApi.console.UserImportReply.$Properties> {
    const row = await userImports.find(importId);
    return row ? { result: IMPORT_DONE, userImport: toImport(row) } : { result: IMPORT_NOT_FOUND };
  }

  /** Users marked as having left whose connections were not ended yet. */
  async function leavers(importId: number): Promise<number[]> {
    const rows = await userImports.leftToDo(importId, [1], maxRowsAtATime);
    return rows.map(({ userId }) => userId);
  }

  /** @param step changes the next users; those of a step whose connections were not ended come first */
  async function withLeavers(importId: number, step: () => Promise<ImportResult<ImportRow>>) {
    const before = await leavers(importId);
    if (before.length > 0) return { ...(await found(importId)), leftIds: before };
    const outcome = await step();
    return { ...toReply(outcome), leftIds: await leavers(importId) };
  }

  return {
    async createUserImport({ fileName }: consoleApi.console.CreateUserImportRequest, { actor }: Caller) {
      return found(await userImports.create(fileName, actor));
    },

    async addUserImportRows(
      { importId, rows }: consoleApi.console.AddUserImportRowsRequest,
      { actor }: Caller,
    ): Promise<consoleApi.console.UserImportRowsReply.$Properties> {
      if (rows.length === 0 || rows.length > maxRowsAtATime) {
        throw new TeamTalkError('invalid-argument', `a call must have 1 to ${maxRowsAtATime} rows`);
      }
      const written = (rows as consoleApi.console.WrittenUser[]).map((row) => ({
        row: row.row,
        name: row.name,
        nickName: row.nickName ?? undefined,
        realName: row.realName ?? undefined,
        gender: row.gender ?? undefined,
        department: row.department ?? undefined,
        email: row.email ?? undefined,
        tel: row.tel ?? undefined,
        signInfo: row.signInfo ?? undefined,
      }));
      const outcome = await userImports.addRows(importId, written, actor);
      if (outcome.result !== 'done') return { result: results[outcome.result] };
      return { result: IMPORT_DONE, rows: outcome.value.map(toRow) };
    },

    async listUserImports() {
      return { imports: (await userImports.list()).map(toImport) };
    },

    getUserImport: ({ importId }: Request) => found(importId),

    async listUserImportRows({
      importId,
      after,
      limit,
      outcome,
    }: consoleApi.console.ListUserImportRowsRequest): Promise<consoleApi.console.UserImportRowsReply.$Properties> {
      if (!(await userImports.find(importId))) return { result: IMPORT_NOT_FOUND };
      const rows = await userImports.rows(importId, after, limit, outcome);
      return { result: IMPORT_DONE, rows: rows.map(toRow) };
    },

    runUserImport: ({ importId }: Request, { actor }: Caller) =>
      withLeavers(importId, () => userImports.run(importId, actor)),

    undoUserImport: ({ importId }: Request, { actor }: Caller) =>
      withLeavers(importId, () => userImports.undo(importId, actor)),

    async issueImportPasswords(
      { importId, after, renew }: consoleApi.console.IssueImportPasswordsRequest,
      { actor }: Caller,
    ): Promise<consoleApi.console.IssuedPasswords.$Properties> {
      const outcome = await userImports.issuePasswords(importId, { after, renew }, actor);
      if (outcome.result !== 'done') return { result: results[outcome.result] };
      const { users, next } = outcome.value;
      return {
        result: IMPORT_DONE,
        users: users.map(({ row_no: row, id: userId, name, real_name: realName, password }) => ({
          row,
          userId,
          name,
          realName,
          password,
        })),
        next,
      };
    },
  };
}

export function toReply(outcome: ImportResult<ImportRow>): consoleApi.console.UserImportReply.$Properties {
  if (outcome.result !== 'done') return { result: results[outcome.result] };
  return { result: IMPORT_DONE, userImport: toImport(outcome.value) };
}

function toImport(row: ImportRow): consoleApi.console.UserImport.$Properties {
  const { id, file_name: fileName, created_by: createdBy, created_at: createdAt, ...shown } = row;
  const {
    department_id: departmentId,
    keep_groups: keepGroups,
    successor_id: successorId,
    ...counts
  } = shown;
  return {
    importId: id,
    fileName,
    createdBy,
    createdAt,
    ...counts,
    departmentId: departmentId ?? 0,
    keepGroups,
    successorId: successorId ?? 0,
  };
}

function toRow({
  row_no: row,
  user_id: userId,
  ...shown
}: JudgedRow): consoleApi.console.UserImportRow.$Properties {
  return { row, userId, ...shown };
}
