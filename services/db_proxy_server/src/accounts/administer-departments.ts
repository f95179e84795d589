import { administration, httpApi, type RpcServer } from '@teamtalk/rpc';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';
import type { DepartmentFields } from './department-administration.js';

const { CreateDepartmentRequest, SaveReply } = httpApi.api;

type WireFields = httpApi.api.DepartmentFields.$Properties | null | undefined;

/** Administration of the department tree: /v1/departments. */
export function administerDepartments(server: RpcServer, context: Context): void {
  const { apiAnswers, departmentAdministration } = context;

  server.unary(administration.listDepartments, async () => ({
    departments: (await departmentAdministration.list()).map((row) => ({
      departmentId: row.id,
      name: row.name,
      parentId: row.parent_id,
      priority: row.priority,
    })),
  }));

  server.unary(administration.createDepartment, async (request) => {
    const asked = CreateDepartmentRequest.encode({ ...request, idempotencyKey: '' }).finish();
    return apiAnswers.once(
      'create_department',
      { key: request.idempotencyKey, request: asked, reply: SaveReply },
      async (query) => toSaveReply(await departmentAdministration.create(query, fieldsOf(request.fields))),
    );
  });

  server.unary(administration.changeDepartment, async ({ departmentId, fields }) =>
    toSaveReply(await departmentAdministration.change(departmentId, fieldsOf(fields))),
  );

  server.unary(administration.deleteDepartment, async ({ id }) =>
    toSaveReply(await departmentAdministration.delete(id)),
  );
}

function fieldsOf(fields: WireFields): DepartmentFields {
  return {
    name: fields?.name ?? null,
    parentId: fields?.parentId ?? null,
    priority: fields?.priority ?? null,
  };
}
