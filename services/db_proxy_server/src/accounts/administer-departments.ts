import { type administration, type Handlers, httpApi } from '@teamtalk/rpc';
import { actorOf } from '../actor.js';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';
import type { DepartmentFields } from './department-administration.js';

const codecs = { request: httpApi.api.CreateDepartmentRequest, reply: httpApi.api.SaveReply };

type WireFields = httpApi.api.DepartmentFields.$Properties | null | undefined;

/** Administration of the department tree: /v1/departments. */
export function administerDepartments({ apiAnswers, departmentAdministration }: Context) {
  return {
    async listDepartments() {
      const rows = await departmentAdministration.list();
      return {
        departments: rows.map((row) => ({
          departmentId: row.id,
          name: row.name,
          parentId: row.parent_id,
          priority: row.priority,
        })),
      };
    },

    async createDepartment(request) {
      return apiAnswers.once('create_department', request, codecs, async (query) =>
        toSaveReply(
          await departmentAdministration.create(query, fieldsOf(request.fields), actorOf(request.actor)),
        ),
      );
    },

    async changeDepartment({ departmentId, fields, expected, actor }) {
      const [wanted, read] = [fieldsOf(fields), fieldsOf(expected)];
      return toSaveReply(await departmentAdministration.change(departmentId, wanted, actorOf(actor), read));
    },

    async deleteDepartment({ id, actor }) {
      return toSaveReply(await departmentAdministration.delete(id, actorOf(actor)));
    },
  } satisfies Partial<Handlers<typeof administration>>;
}

function fieldsOf(fields: WireFields): DepartmentFields {
  return {
    name: fields?.name ?? null,
    parentId: fields?.parentId ?? null,
    priority: fields?.priority ?? null,
  };
}
