import { administration, type httpApi } from '@teamtalk/rpc';
import { ask } from './ask.js';
import type { Backend } from './backend.js';

/** All departments as the APIs show them. */
export async function listDepartments(backend: Pick<Backend, 'pool'>) {
  const list = await ask(backend, administration.listDepartments, {});
  return (list.departments as httpApi.api.ApiDepartment[]).map((each) => ({
    department_id: each.departmentId,
    name: each.name,
    parent_id: each.parentId === 0 ? null : each.parentId,
    priority: each.priority,
  }));
}

interface DepartmentChange {
  name?: string | undefined;
  /** null: top level */
  parent_id?: number | null | undefined;
  priority?: number | undefined;
}

export function departmentFieldsOf(wanted: DepartmentChange): httpApi.api.DepartmentFields.$Properties {
  const { name, parent_id: parent, priority } = wanted;
  return { name, parentId: parent === null ? 0 : parent, priority };
}

/** The pages behind the clients' discovery button, as the APIs show them. */
export async function listDiscovery(backend: Pick<Backend, 'pool'>) {
  const list = await ask(backend, administration.listDiscovery, {});
  return (list.items as httpApi.api.DiscoveryItem[]).map(({ itemId, name, url, priority }) => ({
    item_id: itemId,
    name,
    url,
    priority,
  }));
}
