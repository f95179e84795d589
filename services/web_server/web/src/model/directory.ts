import type { TeamTalkClient } from '@teamtalk/client';
import type { Department, State, User } from './state.js';

/** Users in one presence request, and the most users whose presence is requested. */
const presencePage = 200;
const presenceLimit = 5_000;

/** Loads users and departments, then the presence of users. @throws as the SDK's requests */
export async function loadDirectory(client: TeamTalkClient, state: State): Promise<void> {
  const [{ users }, { departments }] = await Promise.all([client.users(), client.departments()]);
  state.putUsers(users);
  state.putDepartments(departments.filter(({ deptStatus }) => deptStatus === 0));
  await loadPresence(client, state);
}

export async function loadPresence(client: TeamTalkClient, state: State): Promise<void> {
  const ids = [...state.users.value.keys()].slice(0, presenceLimit);
  for (let at = 0; at < ids.length; at += presencePage) {
    const stats = await client.usersStatus(ids.slice(at, at + presencePage));
    state.setPresence(stats.map(({ userId, status }) => [userId, status === 1]));
  }
}

/** A department with its children and its users. */
export interface DepartmentNode {
  readonly department: Department;
  readonly children: DepartmentNode[];
  readonly users: User[];
}

/**
 * The tree of departments, and the users whose department does not exist. A department whose parent does not exist is a
 * root, and so is one that is its own ancestor.
 */
export function departmentTree(
  departments: ReadonlyMap<number, Department>,
  users: readonly User[],
): { roots: DepartmentNode[]; others: User[] } {
  const byPriority = [...departments.values()].sort((a, b) => a.priority - b.priority || a.deptId - b.deptId);
  const nodes = new Map<number, DepartmentNode>(
    byPriority.map((department) => [department.deptId, { department, children: [], users: [] }]),
  );
  const roots: DepartmentNode[] = [];
  for (const node of nodes.values()) {
    const { deptId, parentDeptId } = node.department;
    const parent = nodes.get(parentDeptId);
    if (parent && !isBelow(departments, parentDeptId, deptId)) parent.children.push(node);
    else roots.push(node);
  }
  const others: User[] = [];
  for (const user of users) (nodes.get(user.departmentId)?.users ?? others).push(user);
  return { roots, others };
}

/** Whether `to` is an ancestor of `from` or `from` itself, or the ancestors of `from` form a cycle. */
function isBelow(departments: ReadonlyMap<number, Department>, from: number, to: number): boolean {
  const seen = new Set<number>();
  for (let at = from; departments.has(at); at = departments.get(at)!.parentDeptId) {
    if (at === to || seen.has(at)) return true;
    seen.add(at);
  }
  return false;
}

/** Users whose names, login, telephone and mail address together contain all the words. */
export function searchUsers(users: Iterable<User>, query: string): User[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return [...users].filter((user) => {
    const text = [user.userNickName, user.userRealName, user.userDomain, user.userTel, user.email]
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
