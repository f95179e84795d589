import { type Signal, useSignal } from '@preact/signals';
import type { ApiRequest } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { DialogEnd, useAction } from '../ui/dialog-action.js';
import { Select } from '../ui/form.js';
import { goTo } from '../ui/route.js';
import type { DepartmentTree } from './department-tree.js';
import { GroupsOfLeavers, useGroupsChoice } from './groups-of-leavers.js';
import { patiently } from './user-imports.js';
import type { User } from './user-name.js';

type Body = ApiRequest<'chooseUsers'>['body'];
type Filter = Omit<Extract<Body['users'], { by: 'filter' }>, 'by'>;

/** The users chosen in the list: their ids, or all that match the filter. */
export type Chosen = ReadonlySet<number> | 'all';

interface BulkBarProps {
  readonly chosen: Signal<Chosen>;
  readonly rows: readonly User[];
  readonly filter: Filter;
  readonly departments: DepartmentTree | undefined;
}

/** What can be done with the users chosen in the list. */
export function BulkBar({ chosen, rows, filter, departments }: BulkBarProps) {
  const doing = useSignal<'move' | 'leave' | undefined>(undefined);
  const { value } = chosen;
  const none = value !== 'all' && value.size === 0;
  const choose = (wanted: Chosen) => () => {
    chosen.value = wanted;
  };
  const begin = (kind: 'move' | 'leave') => () => {
    doing.value = kind;
  };
  return (
    <section class="filters" aria-label={t('bulk')}>
      <span class="quiet grow" role="status">
        {value === 'all' ? t('bulk.chosenAll') : t('bulk.chosen', { count: value.size })}
      </span>
      <button type="button" class="slim" onClick={choose(new Set(rows.map(({ user_id }) => user_id)))}>
        {t('bulk.chooseShown', { count: rows.length })}
      </button>
      <button type="button" class="slim" aria-pressed={value === 'all'} onClick={choose('all')}>
        {t('bulk.chooseAll')}
      </button>
      <button type="button" class="slim" disabled={none} onClick={choose(new Set())}>
        {t('bulk.chooseNone')}
      </button>
      <button type="button" class="slim" disabled={none || !departments} onClick={begin('move')}>
        {t('bulk.move')}
      </button>
      <button type="button" class="slim danger" disabled={none} onClick={begin('leave')}>
        {t('bulk.leave')}
      </button>
      {doing.value && departments && (
        <BulkDialog
          kind={doing.value}
          users={value === 'all' ? { by: 'filter', ...filter } : { by: 'ids', user_ids: [...value] }}
          departments={departments}
          onClose={() => {
            doing.value = undefined;
          }}
        />
      )}
    </section>
  );
}

interface BulkDialogProps {
  readonly kind: 'move' | 'leave';
  readonly users: Body['users'];
  readonly departments: DepartmentTree;
  readonly onClose: () => void;
}

/** Asks for the details of a bulk change, and goes to its preview. */
function BulkDialog({ kind, users, departments, onClose }: BulkDialogProps) {
  const groups = useGroupsChoice();
  const department = useSignal('');
  const doing = useAction();
  const without = new Set(users.by === 'ids' ? users.user_ids : []);

  async function preview(): Promise<void> {
    if (kind === 'leave' && groups.isIncomplete()) {
      doing.failure.value = t('user.successorMissing');
      return;
    }
    const action: Body['action'] =
      kind === 'move'
        ? { kind, department_id: department.value === '' ? null : Number(department.value) }
        : { kind, keep_groups: groups.choice.value === 'keep', successor_id: groups.successorId() };
    await doing.run(async () => {
      const begun = await patiently(() => call('chooseUsers', { body: { action, users } }));
      goTo(`users/import/${begun.import_id}`);
    });
  }

  return (
    <Dialog title={t(`bulk.${kind}`)} onClose={onClose}>
      <p>{t('bulk.about')}</p>
      {kind === 'move' ? (
        <Select
          name="bulk_department"
          label={t('bulk.to')}
          value={department.value}
          options={departments.options(t('department.none'))}
          onChange={(value) => {
            department.value = value;
          }}
        />
      ) : (
        <GroupsOfLeavers
          of={groups}
          without={without}
          onPick={() => {
            doing.failure.value = undefined;
          }}
        />
      )}
      <DialogEnd of={doing} label={t('bulk.preview')} onAction={() => void preview()} onClose={onClose} />
    </Dialog>
  );
}
