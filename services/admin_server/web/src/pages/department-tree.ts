import type { ApiReply } from '../../../src/api/index.js';

type Department = ApiReply<'listDepartments'>['departments'][number];

export interface DepartmentNode extends Department {
  readonly below: readonly DepartmentNode[];
  /** path of names from the top */
  readonly fullName: string;
}

/** The tree of departments. Departments with a missing parent, or in a cycle, are at the top level. */
export class DepartmentTree {
  readonly top: readonly DepartmentNode[];
  /** each after its parent */
  readonly all: readonly DepartmentNode[];
  readonly #byId: ReadonlyMap<number, DepartmentNode>;

  constructor(departments: readonly Department[]) {
    const placed = new Set<number>();
    const children = new Map<number | null, Department[]>();
    for (const department of departments) {
      const siblings = children.get(department.parent_id);
      if (siblings) siblings.push(department);
      else children.set(department.parent_id, [department]);
    }
    const all: DepartmentNode[] = [];
    const grow = (siblings: readonly Department[], above: string): DepartmentNode[] =>
      [...siblings].sort(byPriority).flatMap((department) => {
        if (placed.has(department.department_id)) return [];
        placed.add(department.department_id);
        const fullName = above === '' ? department.name : `${above} / ${department.name}`;
        const at = all.push({ ...department, below: [], fullName }) - 1;
        const node = { ...all[at]!, below: grow(children.get(department.department_id) ?? [], fullName) };
        all[at] = node;
        return [node];
      });
    const ids = new Set(departments.map(({ department_id }) => department_id));
    const roots = departments.filter(({ parent_id }) => parent_id === null || !ids.has(parent_id));
    const top = grow(roots, '');
    const rest = departments.filter(({ department_id }) => !placed.has(department_id));
    this.top = [...top, ...grow(rest, '')];
    this.all = all;
    this.#byId = new Map(all.map((node) => [node.department_id, node]));
  }

  get(id: number | null): DepartmentNode | undefined {
    return id === null ? undefined : this.#byId.get(id);
  }

  /** The full name of a department; empty for null. */
  fullNameOf(id: number | null): string {
    return id === null ? '' : (this.get(id)?.fullName ?? `#${id}`);
  }

  /** Whether `id` is `above` itself or anywhere below it. */
  isWithin(id: number, above: number): boolean {
    const seen = new Set<number>();
    for (let at = this.get(id); at && !seen.has(at.department_id); at = this.get(at.parent_id)) {
      if (at.department_id === above) return true;
      seen.add(at.department_id);
    }
    return false;
  }

  /** Departments with a text anywhere in their path, each after its parent. */
  find(text: string): DepartmentNode[] {
    const wanted = text.toLocaleLowerCase();
    return this.all.filter(({ fullName }) => fullName.toLocaleLowerCase().includes(wanted));
  }

  /** The departments to unfold, from the top, so that at most `most` are visible, or those at the top. */
  openAtFirst(most: number): Set<number> {
    const open = new Set<number>();
    let visible = this.top.length;
    for (let level = this.top; level.length > 0; ) {
      const next: DepartmentNode[] = [];
      for (const { department_id, below } of level) {
        if (below.length === 0 || visible + below.length > most) continue;
        open.add(department_id);
        visible += below.length;
        next.push(...below);
      }
      level = next;
    }
    return open;
  }

  /**
   * Options for a select.
   * @param none label of the option for no department; undefined: a department has to be chosen
   * @param present current department, offered even if it does not exist, so that saving the form does not change it
   */
  options(
    none: string | undefined,
    present: number | null = null,
    wanted: (node: DepartmentNode) => boolean = () => true,
  ) {
    const ids = this.all.filter(wanted).map(({ department_id }) => department_id);
    if (present !== null && !this.#byId.has(present)) ids.push(present);
    return [
      ...(none === undefined ? [] : [{ value: '', label: none }]),
      ...ids.map((id) => ({ value: String(id), label: this.fullNameOf(id) })),
    ];
  }
}

// Many times faster than localeCompare.
const { compare } = new Intl.Collator();

/** Sorts by priority, as clients do, then by name. */
function byPriority(a: Department, b: Department): number {
  return a.priority - b.priority || compare(a.name, b.name);
}
