import { type Signal, useSignal } from '@preact/signals';
import { userColumns } from '../../../src/api/saved-views.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t } from '../text/text.js';
import { Select } from '../ui/form.js';
import { Badge, Person } from '../ui/parts.js';
import { route } from '../ui/route.js';
import { SearchPage } from '../ui/search-page.js';
import type { Column } from '../ui/table.js';
import { BulkBar, type Chosen } from './bulk-change.js';
import type { DepartmentTree } from './department-tree.js';
import { SavedViews } from './saved-views.js';
import { useDepartments } from './use-departments.js';
import { callName, type User } from './user-name.js';

const statuses = ['present', 'left', 'all'] as const;
type Status = (typeof statuses)[number];

export function Users() {
  const { query } = route.peek();
  const department = useSignal(query.get('department') ?? '');
  const status = useSignal<Status>(statuses.find((each) => each === query.get('status')) ?? 'present');
  const columnsShown = useSignal<readonly ColumnId[]>(columnsIn(query.get('columns') ?? ''));
  const view = query.get('view') ?? '';
  const chosen = useSignal<Chosen>(new Set());
  const departments = useDepartments();
  return (
    <SearchPage
      title={t('users')}
      name="users"
      searchIn={t('users.searchIn')}
      load={async (text, limit, after, signal) => {
        const filter = { department_id: department.value || undefined, status: status.value };
        const wanted = { text: text || undefined, ...filter, limit, after };
        const { users: rows, next } = await call('findUsers', { query: wanted }, signal);
        return { rows, next };
      }}
      keyOf={({ user_id }) => user_id}
      columns={columns(departments.data, columnsShown.value, may('users:import') ? chosen : undefined)}
      header={exportHeader()}
      cells={(user) => exportCells(user, departments.data)}
      filter={{
        department: department.value,
        status: status.value === 'present' ? '' : status.value,
        columns: columnsText(columnsShown.value),
        view,
      }}
      fields={
        <>
          <Select
            name="department"
            label={t('department')}
            value={department.value}
            options={
              departments.data?.options(t('departments.any')) ?? [{ value: '', label: t('departments.any') }]
            }
            onChange={(value) => {
              department.value = value;
            }}
          />
          <Select
            name="status"
            label={t('status')}
            value={status.value}
            options={statuses.map((value) => ({ value, label: t(`user.status.${value}`) }))}
            onChange={(value) => {
              status.value = value as Status;
            }}
          />
          <SavedViews
            shown={view === '' ? undefined : Number(view)}
            content={() => ({
              text: route.peek().query.get('text') ?? '',
              department_id: department.value === '' ? null : Number(department.value),
              status: status.value,
              columns: [...columnsShown.value],
            })}
          />
          <ChooseColumns shown={columnsShown} />
        </>
      }
      above={({ rows, text }) =>
        may('users:import') && (
          <BulkBar
            chosen={chosen}
            rows={rows}
            filter={{
              text,
              department_id: department.value === '' ? undefined : Number(department.value),
              status: status.value,
            }}
            departments={departments.data}
          />
        )
      }
      actions={
        <>
          {may('users:import') && (
            <a class="button" href="#/users/import">
              {t('imports')}
            </a>
          )}
          {may('users:write') && (
            <a class="button main" href="#/users/new">
              {t('user.new')}
            </a>
          )}
        </>
      }
      none={[t('users.none'), t('users.noneDo')]}
      noneFound={[t('users.noneFound'), t('users.noneFoundDo')]}
    />
  );
}

type ColumnId = (typeof userColumns)[number];

/** @param text of the address; empty: all */
function columnsIn(text: string): readonly ColumnId[] {
  const names = text.split(',');
  return text === '' ? userColumns : userColumns.filter((each) => names.includes(each));
}

function columnsText(shown: readonly ColumnId[]): string {
  return shown.length === userColumns.length ? '' : shown.join(',') || 'none';
}

function labelOf(column: ColumnId): string {
  const labels = {
    id: t('id'),
    department: t('department'),
    tel: t('user.tel'),
    email: t('user.email'),
    status: t('status'),
  };
  return labels[column];
}

/** Which columns the list has besides the user. */
function ChooseColumns({ shown }: { shown: Signal<readonly ColumnId[]> }) {
  return (
    <details>
      <summary>{t('view.columns')}</summary>
      <div class="row">
        {userColumns.map((column) => (
          <label key={column} class="row">
            <input
              type="checkbox"
              checked={shown.value.includes(column)}
              onChange={({ currentTarget: { checked } }) => {
                shown.value = userColumns.filter((each) =>
                  each === column ? checked : shown.peek().includes(each),
                );
              }}
            />
            {labelOf(column)}
          </label>
        ))}
      </div>
    </details>
  );
}

/** @param chosen undefined: the account may not choose users */
function columns(
  departments: DepartmentTree | undefined,
  shown: readonly ColumnId[],
  chosen?: Signal<Chosen>,
): Column<User>[] {
  const cells: Record<ColumnId, Omit<Column<User>, 'label'>> = {
    id: { cell: ({ user_id }) => String(user_id), number: true },
    department: { cell: ({ department_id }) => departments?.fullNameOf(department_id) ?? '' },
    tel: { cell: ({ tel }) => tel },
    email: { cell: ({ email }) => email },
    status: { cell: ({ left }) => (left ? <Badge mood="warn">{t('user.left')}</Badge> : '') },
  };
  return [
    {
      label: t('user.name'),
      cell: (user) => (
        <span class="person">
          {chosen && <Choose user={user} chosen={chosen} />}
          <a href={`#/users/${user.user_id}`}>
            <Person name={callName(user)} login={user.name} />
          </a>
        </span>
      ),
    },
    ...shown.map((column) => ({ label: labelOf(column), ...cells[column] })),
  ];
}

function Choose({ user, chosen }: { user: User; chosen: Signal<Chosen> }) {
  const { value } = chosen;
  return (
    <input
      type="checkbox"
      aria-label={t('bulk.choose', { name: callName(user) })}
      checked={value === 'all' || value.has(user.user_id)}
      disabled={value === 'all'}
      onChange={(event) => {
        const next = new Set(value === 'all' ? [] : value);
        if (event.currentTarget.checked) next.add(user.user_id);
        else next.delete(user.user_id);
        chosen.value = next;
      }}
    />
  );
}

function exportHeader(): string[] {
  return [
    t('id'),
    t('user.login'),
    t('user.nick'),
    t('user.realName'),
    t('department'),
    t('user.tel'),
    t('user.email'),
    t('user.left'),
  ];
}

function exportCells(user: User, departments: DepartmentTree | undefined): (string | number)[] {
  return [
    user.user_id,
    user.name,
    user.nick_name,
    user.real_name,
    departments?.fullNameOf(user.department_id) ?? '',
    user.tel,
    user.email,
    user.left ? t('yes') : t('no'),
  ];
}
