import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { goTo } from '../ui/route.js';
import { RowAction } from '../ui/row-action.js';
import { SearchPage } from '../ui/search-page.js';
import type { Column } from '../ui/table.js';
import { say } from '../ui/toast.js';

type Dissolved = ApiReply<'listDissolvedGroups'>['groups'][number];

/** Groups that can be restored. */
export function DissolvedGroups() {
  return (
    <SearchPage
      title={t('dissolved')}
      name="dissolved-groups"
      searchIn={t('groups.searchIn')}
      load={async (text, limit, after, signal) => {
        const query = { limit, after, text: text || undefined };
        const { groups: rows, next } = await call('listDissolvedGroups', { query }, signal);
        return { rows, next };
      }}
      keyOf={({ group_id }) => group_id}
      columns={columns()}
      header={[t('id'), t('name'), t('group.type'), t('group.members'), t('dissolved.at')]}
      cells={({ group_id, name, type, members, dissolved_at }) => [
        group_id,
        name,
        t(`group.type.${type}`),
        members,
        dissolved_at,
      ]}
      actions={
        <a class="button" href="#/groups">
          {t('groups')}
        </a>
      }
      none={[t('dissolved.none'), t('dissolved.noneDo')]}
      noneFound={[t('groups.noneFound'), t('groups.noneFoundDo')]}
    />
  );
}

function columns(): Column<Dissolved>[] {
  const shown: Column<Dissolved>[] = [
    { label: t('name'), cell: ({ name }) => name },
    { label: t('id'), cell: ({ group_id }) => String(group_id), number: true },
    { label: t('group.members'), cell: ({ members }) => count(members), number: true },
    { label: t('dissolved.at'), cell: ({ dissolved_at }) => when(dissolved_at) },
    { label: t('dissolved.until'), cell: ({ kept_until }) => when(kept_until) },
  ];
  if (!may('groups:write')) return shown;
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: (group) => (
        <RowAction label={t('dissolved.restore')} name={group.name} onClick={() => restore(group)} />
      ),
    },
  ];
}

function restore({ group_id, name, members }: Dissolved): void {
  confirmThen({
    title: t('dissolved.restore'),
    text: t('dissolved.restoreAsk', { name, count: members }),
    action: t('dissolved.restore'),
    work: async () => {
      await call('restoreGroup', { params: { group_id } });
      say(t('dissolved.restored', { name }));
      goTo(`groups/${group_id}`);
    },
  });
}
