import { useSignal } from '@preact/signals';
import { may, ownDepartment } from '../api/session.js';
import chevron from '../chevron.svg';
import { t } from '../text/text.js';
import { href } from '../ui/route.js';
import type { DepartmentNode } from './department-tree.js';

/** Departments of one branch that are drawn at first, and more at each click. */
const shownAtOnce = 100;

export interface BranchProps {
  readonly nodes: readonly DepartmentNode[];
  /** shows where they are in the tree */
  readonly fullNames?: boolean;
  readonly isOpen: (id: number) => boolean;
  readonly onFold: (id: number, open: boolean) => void;
  readonly onAdd: (parentId: number | null) => void;
  readonly onChange: (node: DepartmentNode) => void;
  readonly onMerge: (node: DepartmentNode) => void;
  readonly onRemove: (node: DepartmentNode) => void;
}

/** Departments with those below them. */
export function Branch(props: BranchProps) {
  const shown = useSignal(shownAtOnce);
  const { nodes } = props;
  return (
    <ul>
      {nodes.slice(0, shown.value).map((node) => (
        <Node key={node.department_id} node={node} {...props} />
      ))}
      {nodes.length > shown.value && (
        <li>
          <button
            type="button"
            class="plain slim"
            onClick={() => {
              shown.value += shownAtOnce;
            }}
          >
            {t('more')}
          </button>
        </li>
      )}
    </ul>
  );
}

/** Department administrators can neither move nor remove their own department. */
function mayMove(id: number): boolean {
  return may('departments:write') && id !== ownDepartment();
}

function Node({ node, fullNames = false, ...props }: BranchProps & { readonly node: DepartmentNode }) {
  const { department_id: id, name, fullName, below } = node;
  const open = props.isOpen(id);
  return (
    <li>
      <div class="node" data-id={id} draggable={mayMove(id)}>
        {below.length > 0 ? (
          <button
            type="button"
            class="fold"
            aria-expanded={open}
            aria-label={t('department.below', { name })}
            onClick={() => props.onFold(id, !open)}
          >
            <img src={chevron} alt="" />
          </button>
        ) : (
          <span class="fold" />
        )}
        <span class="name">
          <a href={href('users', { department: String(id) })}>{fullNames ? fullName : name}</a>
        </span>
        {may('departments:write') && (
          <span class="row">
            <button
              type="button"
              class="plain slim"
              aria-label={`${t('department.addBelow')}: ${name}`}
              onClick={() => {
                props.onAdd(id);
                props.onFold(id, true);
              }}
            >
              {t('department.addBelow')}
            </button>
            <button
              type="button"
              class="plain slim"
              aria-label={`${t('edit')}: ${name}`}
              onClick={() => props.onChange(node)}
            >
              {t('edit')}
            </button>
            {mayMove(id) && (
              <>
                <button
                  type="button"
                  class="plain slim"
                  aria-label={`${t('department.merge')}: ${name}`}
                  onClick={() => props.onMerge(node)}
                >
                  {t('department.merge')}
                </button>
                <button
                  type="button"
                  class="plain slim danger"
                  aria-label={`${t('delete')}: ${name}`}
                  onClick={() => props.onRemove(node)}
                >
                  {t('delete')}
                </button>
              </>
            )}
          </span>
        )}
      </div>
      {open && below.length > 0 && <Branch {...props} nodes={below} />}
    </li>
  );
}
