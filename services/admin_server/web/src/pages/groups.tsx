import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t } from '../text/text.js';
import { Badge } from '../ui/parts.js';
import { SearchPage } from '../ui/search-page.js';
import type { Column } from '../ui/table.js';

type Group = ApiReply<'findGroups'>['groups'][number];

export function Groups() {
  return (
    <SearchPage
      title={t('groups')}
      name="groups"
      searchIn={t('groups.searchIn')}
      load={async (text, limit, after, signal) => {
        const query = { limit, after, text: text || undefined };
        const { groups: rows, next } = await call('findGroups', { query }, signal);
        return { rows, next };
      }}
      keyOf={({ group_id }) => group_id}
      columns={columns()}
      header={[t('id'), t('name'), t('group.type'), t('group.owner'), t('group.members')]}
      cells={(group) => [
        group.group_id,
        group.name,
        t(`group.type.${group.type}`),
        group.creator_id ?? '',
        group.members,
      ]}
      actions={
        <>
          <a class="button" href="#/groups/dissolved">
            {t('dissolved')}
          </a>
          {may('groups:write') && (
            <a class="button main" href="#/groups/new">
              {t('group.new')}
            </a>
          )}
        </>
      }
      none={[t('groups.none'), t('groups.noneDo')]}
      noneFound={[t('groups.noneFound'), t('groups.noneFoundDo')]}
    />
  );
}

function columns(): Column<Group>[] {
  return [
    { label: t('name'), cell: ({ group_id, name }) => <a href={`#/groups/${group_id}`}>{name}</a> },
    { label: t('id'), cell: ({ group_id }) => String(group_id), number: true },
    {
      label: t('group.type'),
      cell: ({ type }) => <Badge mood={type === 'normal' ? 'info' : ''}>{t(`group.type.${type}`)}</Badge>,
    },
    {
      label: t('group.owner'),
      cell: ({ creator_id: id }) => id !== null && <a href={`#/users/${id}`}>{String(id)}</a>,
      number: true,
    },
    { label: t('group.members'), cell: ({ members }) => count(members), number: true },
  ];
}
