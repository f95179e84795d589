import { administration, consolePushes, consoleWork, type httpApi } from '@teamtalk/rpc';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

const withinDepartment: Statement = {
  name: 'console_departments_below',
  text: `
    WITH RECURSIVE below AS (
      SELECT id FROM department WHERE id = $1 AND status = 0
      UNION SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id WHERE d.status = 0)
    SELECT id FROM below`,
};

const departmentOf: Statement = {
  name: 'console_department_of_user',
  text: 'SELECT department_id FROM im_user WHERE id = $1',
};

type Fields = { departmentId?: number | null; parentId?: number | null } | null | undefined;

/** The fields of any request that the checks look at. */
interface Request {
  id?: number;
  userId?: number;
  successorId?: number;
  departmentId?: number;
  intoId?: number;
  fields?: Fields;
}

/** Restricts a department administrator to one department, those below it, and their users. */
export class DepartmentScope {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Whether the department administrator may make this call. Narrows a search to the department.
   * @param root the account's department; null: nothing is allowed
   * @param path of the gRPC method
   */
  async allows(root: number | null, path: string, request: object): Promise<boolean> {
    const check = checks.get(path);
    if (root === null || !check) return false;
    const rows = await this.#database.query<{ id: number }>(withinDepartment, [root]);
    const ids = new Set(rows.map(({ id }) => id));
    if (ids.size === 0) return false;
    return check(request as Request, {
      has: (id) => ids.has(id ?? 0),
      root,
      ids: [...ids],
      hasUser: async (userId) => ids.has(await this.#departmentOf(userId)),
    });
  }

  async #departmentOf(userId: number | undefined): Promise<number> {
    if (!isStorableId(userId ?? 0)) return 0;
    const rows = await this.#database.query<{ department_id: number }>(departmentOf, [userId]);
    return rows[0]?.department_id ?? 0;
  }
}

interface Scope {
  root: number;
  ids: number[];
  has: (departmentId: number | null | undefined) => boolean;
  hasUser: (userId: number | undefined) => Promise<boolean>;
}

type Check = (request: Request, scope: Scope) => boolean | Promise<boolean>;

const ofUser: Check = ({ userId }, { hasUser }) => hasUser(userId);
const isSet = (value: unknown) => value !== undefined && value !== null;

const checks: ReadonlyMap<string, Check> = new Map([
  [administration.findUsers.path, narrow],
  [administration.listDepartments.path, () => true],
  [administration.createUser.path, ({ fields }: Request, { has }: Scope) => has(fields?.departmentId)],
  [administration.changeUser.path, maySave],
  [administration.recordSessionEnd.path, ofUser],
  [administration.listDevices.path, ofUser],
  [administration.listPushes.path, ofUser],
  [consolePushes.testDevice.path, ofUser],
  [consoleWork.listLoginFailures.path, ofUser],
  [consoleWork.unlockUser.path, ofUser],
  [consoleWork.getUserStanding.path, ofUser],
  // Only those of the account itself.
  [consoleWork.listSavedViews.path, () => true],
  [consoleWork.saveView.path, () => true],
  [consoleWork.renameView.path, () => true],
  [consoleWork.deleteView.path, () => true],
  [administration.createDepartment.path, ({ fields }: Request, { has }: Scope) => has(fields?.parentId)],
  [administration.changeDepartment.path, mayMove],
  [consoleWork.leaveGroups.path, mayHandOver],
  [consoleWork.rejoinGroups.path, ofUser],
  [consoleWork.mergeDepartment.path, mayMerge],
  [administration.deleteDepartment.path, ({ id }: Request, { has, root }: Scope) => has(id) && id !== root],
]);

function narrow(request: Request, { ids }: Scope): boolean {
  (request as httpApi.api.FindUsersRequest).departmentIds = ids;
  return true;
}

async function maySave({ userId, fields }: Request, { has, hasUser }: Scope): Promise<boolean> {
  if (isSet(fields?.departmentId) && !has(fields?.departmentId)) return false;
  return hasUser(userId);
}

async function mayHandOver({ userId, successorId = 0 }: Request, { hasUser }: Scope): Promise<boolean> {
  return (await hasUser(userId)) && (successorId === 0 || (await hasUser(successorId)));
}

/** The administrator's own department cannot be merged into another one. */
function mayMerge({ departmentId, intoId }: Request, { has, root }: Scope): boolean {
  return has(departmentId) && has(intoId) && departmentId !== root;
}

/** The administrator's own department cannot be moved. */
function mayMove({ departmentId, fields }: Request, { has, root }: Scope): boolean {
  if (!has(departmentId)) return false;
  return !isSet(fields?.parentId) || (has(fields?.parentId) && departmentId !== root);
}
