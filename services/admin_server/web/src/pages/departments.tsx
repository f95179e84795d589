import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { may, ownDepartment } from '../api/session.js';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Export } from '../ui/export.js';
import { TextField } from '../ui/form.js';
import { Ready, useSettled } from '../ui/load.js';
import { Card, Empty, Page } from '../ui/parts.js';
import { say } from '../ui/toast.js';
import { Branch, type BranchProps } from './department-branch.js';
import type { DepartmentNode, DepartmentTree } from './department-tree.js';
import { DraggableTree } from './draggable-tree.js';
import { EditDepartment, type Editing } from './edit-department.js';
import { RemoveDepartment, type Removing } from './remove-department.js';
import { useDepartments } from './use-departments.js';

/** With more departments there is a search field. */
const easilySeen = 20;
/** Of a larger tree not more departments than these are unfolded at first, so that it is drawn at once. */
const openedAtFirst = 80;

export function Departments() {
  const loaded = useDepartments();
  const editing = useSignal<Editing | undefined>(undefined);
  const removing = useSignal<Removing | undefined>(undefined);
  const folded = useSignal<ReadonlyMap<number, boolean>>(new Map());
  const text = useSignal('');
  const wanted = useSettled(text.value.trim());
  const close = () => {
    editing.value = undefined;
    removing.value = undefined;
  };
  const branch: Omit<BranchProps, 'nodes' | 'isOpen'> = {
    onFold: (id, open) => {
      folded.value = new Map(folded.value).set(id, !open);
    },
    onAdd: (parentId) => {
      editing.value = { parentId };
    },
    onChange: (changed) => {
      editing.value = { changed };
    },
    onMerge: (node) => {
      removing.value = { node, merges: true };
    },
    onRemove: (node) => {
      removing.value = { node, merges: false };
    },
  };
  const create = may('departments:write') && ownDepartment() === null && (
    <button type="button" class="main" onClick={() => branch.onAdd(null)}>
      {t('department.new')}
    </button>
  );
  return (
    <Page
      title={t('departments')}
      about={t('departments.about')}
      actions={
        <>
          {loaded.data && (
            <Export
              name="departments"
              load={async () => ({ rows: loaded.data?.all ?? [], next: null })}
              header={['department_id', 'name', 'path', 'parent_id', 'priority']}
              cells={({ department_id, name, fullName, parent_id, priority }) => [
                department_id,
                name,
                fullName,
                parent_id ?? '',
                priority,
              ]}
            />
          )}
          {create}
        </>
      }
    >
      <Ready of={loaded}>
        {(tree) => (
          <>
            <Card>
              {tree.all.length > 0 ? (
                <>
                  {tree.all.length > easilySeen && (
                    <search>
                      <TextField
                        name="text"
                        type="search"
                        label={t('search')}
                        placeholder={t('department.searchIn')}
                        maxLength={64}
                        onInput={(typed) => {
                          text.value = typed;
                        }}
                      />
                    </search>
                  )}
                  <DraggableTree tree={tree} onMove={(node, parent) => move(node, parent, loaded.reload)}>
                    <Shown {...branch} tree={tree} text={wanted} folded={folded.value} />
                  </DraggableTree>
                </>
              ) : (
                <Empty title={t('departments.none')}>{t('departments.noneDo')}</Empty>
              )}
            </Card>
            {editing.value && (
              <EditDepartment editing={editing.value} tree={tree} onClose={close} onSaved={loaded.reload} />
            )}
            {removing.value && (
              <RemoveDepartment {...removing.value} tree={tree} onClose={close} onDone={loaded.reload} />
            )}
          </>
        )}
      </Ready>
    </Page>
  );
}

interface ShownProps extends Omit<BranchProps, 'nodes' | 'isOpen'> {
  readonly tree: DepartmentTree;
  /** to search for; empty: the whole tree */
  readonly text: string;
  /** departments that were folded or unfolded by hand */
  readonly folded: ReadonlyMap<number, boolean>;
}

/** The tree, of a large one only the upper part unfolded; or the departments that are searched for. */
function Shown({ tree, text, folded, ...branch }: ShownProps) {
  const found = text === '' ? undefined : tree.find(text);
  if (found?.length === 0) return <p class="quiet">{t('department.noneFound')}</p>;
  const open = found ? new Set<number>() : tree.openAtFirst(openedAtFirst);
  return (
    <Branch
      // Starts again with the first ones.
      key={text}
      {...branch}
      nodes={found ?? tree.top}
      fullNames={found !== undefined}
      isOpen={(id) => {
        const byHand = folded.get(id);
        return byHand === undefined ? open.has(id) : !byHand;
      }}
    />
  );
}

/** @param parent undefined: the top level */
function move(node: DepartmentNode, parent: DepartmentNode | undefined, onDone: () => void): void {
  const { department_id, name } = node;
  confirmThen({
    title: t('department.move'),
    text: parent
      ? t('department.moveAsk', { name: node.fullName, parent: parent.fullName })
      : t('department.moveTopAsk', { name: node.fullName }),
    action: t('department.move'),
    work: async () => {
      const body = { parent_id: parent?.department_id ?? null };
      await call('changeDepartment', { params: { department_id }, body });
      say(t('department.moved', { name }));
      onDone();
    },
  });
}
