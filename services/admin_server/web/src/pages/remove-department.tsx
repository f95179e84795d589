import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select } from '../ui/form.js';
import { say } from '../ui/toast.js';
import type { DepartmentNode, DepartmentTree } from './department-tree.js';

export interface Removing {
  readonly node: DepartmentNode;
  /** into another one; otherwise it may also be deleted when it is empty */
  readonly merges: boolean;
}

interface RemoveProps extends Removing {
  readonly tree: DepartmentTree;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Deletes a department, or merges it into another one. */
export function RemoveDepartment({ node, merges, tree, onClose, onDone }: RemoveProps) {
  const progress = useSignal<string | undefined>(undefined);
  const { department_id, name, fullName } = node;
  const params = { department_id };
  const others = tree.options(
    merges ? t('choose') : t('department.onlyEmpty'),
    null,
    (each) => !tree.isWithin(each.department_id, department_id),
  );

  async function mergeInto(into: number): Promise<void> {
    for (let count = 0; ; ) {
      const { moved, remaining } = await call('mergeDepartment', { params, body: { into_id: into } });
      count += moved;
      if (remaining === 0) return;
      progress.value = t('department.merging', { count, remaining });
    }
  }

  return (
    <Dialog title={t(merges ? 'department.mergeTitle' : 'department.delete')} onClose={onClose}>
      <p>{t(merges ? 'department.mergeAsk' : 'department.deleteAsk', { name: fullName })}</p>
      <Form
        submit={t(merges ? 'department.merge' : 'department.delete')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const into = values.number('into_id');
          try {
            if (into !== null) await mergeInto(into);
            else await call('deleteDepartment', { params });
          } finally {
            progress.value = undefined;
          }
          say(
            into === null
              ? t('department.deleted', { name })
              : t('department.merged', { name, into: tree.fullNameOf(into) }),
          );
          onDone();
          onClose();
        }}
      >
        <Select
          name="into_id"
          label={t(merges ? 'department.into' : 'department.moveTo')}
          options={others}
          required={merges}
        />
      </Form>
      {progress.value && <p role="status">{progress.value}</p>}
    </Dialog>
  );
}
