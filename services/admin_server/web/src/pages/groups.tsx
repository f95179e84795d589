import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t } from '../text/text.js';
import { Export } from '../ui/export.js';
import { TextField } from '../ui/form.js';
import { More, Ready, usePages, useSettled } from '../ui/load.js';
import { Badge, Card, Empty, Page } from '../ui/parts.js';
import { replaceQuery, route } from '../ui/route.js';
import { type Column, Table } from '../ui/table.js';

type Group = ApiReply<'findGroups'>['groups'][number];

export function Groups() {
  const text = useSignal(route.peek().query.get('text') ?? '');
  const typed = useSettled(text.value.trim());
  const load = async (limit: number, after?: number, signal?: AbortSignal) => {
    const query = { limit, after, text: typed || undefined };
    const { groups: rows, next } = await call('findGroups', { query }, signal);
    return { rows, next };
  };
  const groups = usePages((after, signal) => load(50, after, signal), [typed]);
  useEffect(() => replaceQuery({ text: typed }), [typed]);
  return (
    <Page
      title={t('groups')}
      actions={
        <>
          <Export
            name="groups"
            load={(after) => load(200, after)}
            header={[t('id'), t('name'), t('group.type'), t('group.owner'), t('group.members')]}
            cells={(group) => [
              group.group_id,
              group.name,
              t(`group.type.${group.type}`),
              group.creator_id ?? '',
              group.members,
            ]}
          />
          {may('groups:write') && (
            <a class="button main" href="#/groups/new">
              {t('group.new')}
            </a>
          )}
        </>
      }
    >
      <Card flush>
        <search class="filters">
          <TextField
            name="text"
            type="search"
            class="grow"
            label={t('search')}
            placeholder={t('groups.searchIn')}
            value={text.peek()}
            maxLength={64}
            onInput={(value) => {
              text.value = value;
            }}
          />
        </search>
        <Ready of={groups}>
          {({ rows }) =>
            rows.length > 0 ? (
              <Table
                caption={t('groups')}
                rows={rows}
                keyOf={({ group_id }) => group_id}
                columns={columns()}
                busy={groups.busy}
              />
            ) : typed !== '' ? (
              <Empty title={t('groups.noneFound')}>{t('groups.noneFoundDo')}</Empty>
            ) : (
              <Empty title={t('groups.none')}>{t('groups.noneDo')}</Empty>
            )
          }
        </Ready>
        <More of={groups} />
      </Card>
    </Page>
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
