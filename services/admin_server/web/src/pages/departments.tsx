import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { may, ownDepartment } from '../api/session.js';
import chevron from '../chevron.svg';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import { Ready } from '../ui/load.js';
import { ChangedMeanwhile, changedFields, useMeanwhile } from '../ui/meanwhile.js';
import { Card, Empty, Page } from '../ui/parts.js';
import { href } from '../ui/route.js';
import { say } from '../ui/toast.js';
import { type DepartmentNode, DepartmentTree } from './department-tree.js';
import { useDepartments } from './use-departments.js';

/** What the dialog edits: a new department below `parentId`, or an existing one. */
type Editing = { readonly parentId: number | null } | { readonly changed: DepartmentNode };

export function Departments() {
  const loaded = useDepartments();
  const editing = useSignal<Editing | undefined>(undefined);
  const closed = useSignal<ReadonlySet<number>>(new Set());
  const close = () => {
    editing.value = undefined;
  };
  const remove = ({ department_id, name, fullName }: DepartmentNode) =>
    confirmThen({
      title: t('department.delete'),
      text: t('department.deleteAsk', { name: fullName }),
      action: t('department.delete'),
      danger: true,
      work: async () => {
        await call('deleteDepartment', { params: { department_id } });
        say(t('department.deleted', { name }));
        loaded.reload();
      },
    });
  const branch: BranchProps = {
    closed: closed.value,
    nodes: [],
    onFold: (id) => {
      const next = new Set(closed.value);
      if (!next.delete(id)) next.add(id);
      closed.value = next;
    },
    onAdd: (parentId) => {
      editing.value = { parentId };
    },
    onChange: (changed) => {
      editing.value = { changed };
    },
    onRemove: remove,
  };
  const create = may('departments:write') && ownDepartment() === null && (
    <button type="button" class="main" onClick={() => branch.onAdd(null)}>
      {t('department.new')}
    </button>
  );
  return (
    <Page title={t('departments')} about={t('departments.about')} actions={create}>
      <Ready of={loaded}>
        {(tree) => (
          <>
            <Card>
              {tree.all.length > 0 ? (
                <div class="tree">
                  <Branch {...branch} nodes={tree.top} />
                </div>
              ) : (
                <Empty title={t('departments.none')}>{t('departments.noneDo')}</Empty>
              )}
            </Card>
            {editing.value && (
              <Edit editing={editing.value} tree={tree} onClose={close} onSaved={loaded.reload} />
            )}
          </>
        )}
      </Ready>
    </Page>
  );
}

interface BranchProps {
  readonly nodes: readonly DepartmentNode[];
  readonly closed: ReadonlySet<number>;
  readonly onFold: (id: number) => void;
  readonly onAdd: (parentId: number | null) => void;
  readonly onChange: (node: DepartmentNode) => void;
  readonly onRemove: (node: DepartmentNode) => void;
}

function Branch(props: BranchProps) {
  return (
    <ul>
      {props.nodes.map((node) => (
        <Node key={node.department_id} node={node} {...props} />
      ))}
    </ul>
  );
}

function Node({ node, ...props }: BranchProps & { readonly node: DepartmentNode }) {
  const { department_id: id, name, below } = node;
  const open = !props.closed.has(id);
  return (
    <li>
      <div class="node">
        {below.length > 0 ? (
          <button
            type="button"
            class="fold"
            aria-expanded={open}
            aria-label={t('department.below', { name })}
            onClick={() => props.onFold(id)}
          >
            <img src={chevron} alt="" />
          </button>
        ) : (
          <span class="fold" />
        )}
        <span class="name">
          <a href={href('users', { department: String(id) })}>{name}</a>
        </span>
        {may('departments:write') && (
          <span class="row">
            <button
              type="button"
              class="plain slim"
              aria-label={`${t('department.addBelow')}: ${name}`}
              onClick={() => props.onAdd(id)}
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
            {id !== ownDepartment() && (
              <button
                type="button"
                class="plain slim danger"
                aria-label={`${t('delete')}: ${name}`}
                onClick={() => props.onRemove(node)}
              >
                {t('delete')}
              </button>
            )}
          </span>
        )}
      </div>
      {open && below.length > 0 && <Branch {...props} nodes={below} />}
    </li>
  );
}

/** The fields of a department as they were read. */
function readDepartment(node: DepartmentNode | undefined) {
  return node && { name: node.name, parent_id: node.parent_id, priority: node.priority };
}

interface EditProps {
  readonly editing: Editing;
  readonly tree: DepartmentTree;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

function Edit({ editing, tree, onClose, onSaved }: EditProps) {
  const changed = 'changed' in editing ? editing.changed : undefined;
  const parentId = 'changed' in editing ? editing.changed.parent_id : editing.parentId;
  const meanwhile = useMeanwhile(changed, async () => {
    const { departments } = await call('listDepartments');
    return new DepartmentTree(departments).get(changed?.department_id ?? null);
  });
  const own = ownDepartment();
  // Department administrators cannot move their own department.
  const moves = changed === undefined || changed.department_id !== own;
  return (
    <Dialog
      title={changed ? t('department.edit', { name: changed.name }) : t('department.new')}
      onClose={onClose}
    >
      <Form
        submit={changed ? t('save') : t('department.create')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const body = {
            name: values.text('name'),
            ...(moves && { parent_id: values.number('parent_id') }),
            priority: values.number('priority') ?? 0,
          };
          if (changed) {
            const params = { department_id: changed.department_id };
            await meanwhile.save((read) =>
              call('changeDepartment', {
                params,
                body: { ...changedFields(changed, body), expected: readDepartment(read) },
              }),
            );
          } else await call('createDepartment', { body });
          say(changed ? t('saved') : t('department.created', { name: body.name }));
          onSaved();
          onClose();
        }}
      >
        <TextField name="name" label={t('name')} value={changed?.name} maxLength={64} required autofocus />
        {moves && (
          <Select
            name="parent_id"
            label={t('department.parent')}
            hint={t('department.parentHint')}
            value={parentId === null ? '' : String(parentId)}
            options={tree.options(
              own === null ? t('department.atTop') : undefined,
              parentId,
              ({ department_id }) => !changed || !tree.isWithin(department_id, changed.department_id),
            )}
          />
        )}
        <TextField
          name="priority"
          type="number"
          label={t('priority')}
          hint={t('department.priorityHint')}
          value={changed?.priority ?? 0}
          min={0}
          max={0x7fffffff}
        />
        <ChangedMeanwhile
          of={meanwhile}
          fields={[
            [t('name'), (of) => of?.name ?? ''],
            [t('department.parent'), (of) => tree.fullNameOf(of?.parent_id ?? null)],
            [t('priority'), (of) => String(of?.priority ?? '')],
          ]}
        />
      </Form>
    </Dialog>
  );
}
