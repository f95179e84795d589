import { call } from '../api/client.js';
import { ownDepartment } from '../api/session.js';
import { type Loaded, useLoad } from '../ui/load.js';
import { DepartmentTree } from './department-tree.js';

/** The departments that the account may manage. */
export function useDepartments(): Loaded<DepartmentTree> {
  return useLoad(async (signal) => {
    const { departments } = await call('listDepartments', undefined, signal);
    const tree = new DepartmentTree(departments);
    const own = ownDepartment();
    if (own === null) return tree;
    return new DepartmentTree(departments.filter(({ department_id: id }) => tree.isWithin(id, own)));
  }, []);
}
