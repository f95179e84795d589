import { call } from '../api/client.js';
import { ownDepartment } from '../api/session.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import { ChangedMeanwhile, changedFields, useMeanwhile } from '../ui/meanwhile.js';
import { say } from '../ui/toast.js';
import { type DepartmentNode, DepartmentTree } from './department-tree.js';

/** What the dialog edits: a new department below `parentId`, or an existing one. */
export type Editing = { readonly parentId: number | null } | { readonly changed: DepartmentNode };

interface EditProps {
  readonly editing: Editing;
  readonly tree: DepartmentTree;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

/** The fields of a department as they were read. */
function readDepartment(node: DepartmentNode | undefined) {
  return node && { name: node.name, parent_id: node.parent_id, priority: node.priority };
}

export function EditDepartment({ editing, tree, onClose, onSaved }: EditProps) {
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
