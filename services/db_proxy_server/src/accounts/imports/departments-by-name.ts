import type { FindDepartment } from './judge-row.js';

interface Department {
  id: number;
  name: string;
  parent_id: number;
}

const depthLimit = 100;

/** Finds departments by id (`#7`; `#0` is no department), by name if it is unambiguous, or by the path of names from the top (`Company/R&D`). */
export function departmentsByName(departments: readonly Department[]): FindDepartment {
  const byId = new Map(departments.map((each) => [each.id, each]));
  const found = new Map<string, number[]>();
  const isDepartment = (id: number) => id === 0 || byId.has(id);
  const add = (text: string, id: number) => {
    const ids = found.get(text) ?? [];
    if (!ids.includes(id)) found.set(text, [...ids, id]);
  };
  for (const department of departments) {
    add(keyOf(department.name), department.id);
    const names: string[] = [];
    let above: Department | undefined = department;
    for (let depth = 0; above && depth < depthLimit; depth++) {
      names.unshift(above.name);
      above = byId.get(above.parent_id);
    }
    // The path is added even if it equals another department's name.
    if (names.length > 1) add(keyOf(names.join('/')), department.id);
  }
  return (text) => {
    const byNumber = /^#(\d{1,10})$/.exec(text)?.[1];
    if (byNumber) return isDepartment(Number(byNumber)) ? Number(byNumber) : 'unknown-department';
    const ids = found.get(keyOf(text)) ?? [];
    if (ids.length === 1) return ids[0] as number;
    if (ids.length > 1) return topmost(ids, byId) ?? 'ambiguous-department';
    return 'unknown-department';
  };
}

/** Of departments with the same name, the one at the top level, whose name is also its path. */
function topmost(ids: readonly number[], byId: ReadonlyMap<number, Department>): number | undefined {
  const top = ids.filter((id) => !byId.has(byId.get(id)?.parent_id ?? 0));
  return top.length === 1 ? top[0] : undefined;
}

function keyOf(text: string): string {
  return text
    .split('/')
    .map((part) => part.trim().toLowerCase())
    .join('/');
}
