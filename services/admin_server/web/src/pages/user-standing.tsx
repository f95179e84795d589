import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, Facts } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';

type Standing = ApiReply<'getUserStanding'>;
type Conversation = Standing['conversations'][number];

/** What a user has unread, and what they may do. */
export function UserStanding({ userId }: { userId: number }) {
  const params = { user_id: userId };
  const loaded = useLoad((signal) => call('getUserStanding', { params }, signal), [userId]);
  return (
    <>
      <Card flush title={t('standing.unread')}>
        <Ready of={loaded}>{(standing) => <Unread standing={standing} />}</Ready>
      </Card>
      <Card title={t('standing')}>
        <Ready of={loaded}>{(standing) => <Facts of={factsOf(standing)} />}</Ready>
      </Card>
    </>
  );
}

function Unread({ standing: { unread, unread_conversations, conversations } }: { standing: Standing }) {
  if (unread === 0) return <Empty title={t('standing.nothingUnread')}>{t('standing.nothingUnreadDo')}</Empty>;
  return (
    <>
      <p class="filters">{t('standing.unreadIn', { count: unread, conversations: unread_conversations })}</p>
      {conversations.length > 0 && (
        <Table
          caption={t('standing.unread')}
          saveAs="unread"
          rows={conversations}
          keyOf={({ group, session_id }) => `${group} ${session_id}`}
          columns={columns()}
        />
      )}
    </>
  );
}

function columns(): Column<Conversation>[] {
  return [
    {
      label: t('standing.conversation'),
      cell: ({ group, session_id, name }) => (
        <>
          {group && !may('groups:read') ? (
            name
          ) : (
            <a href={`#/${group ? 'groups' : 'users'}/${session_id}`}>{name || `#${session_id}`}</a>
          )}{' '}
          {group && <Badge>{t('standing.group')}</Badge>}
        </>
      ),
    },
    { label: t('standing.unread'), cell: ({ unread }) => count(unread), number: true },
  ];
}

function factsOf({ bot, groups, groups_owned, owned, apps, hooks, account }: Standing) {
  const facts: [string, preact.ComponentChildren][] = [
    [t('standing.groups'), count(groups)],
    [
      t('standing.owned'),
      owned.length === 0 ? (
        count(groups_owned)
      ) : (
        <>
          {owned.map(({ id, name }) => (
            <div key={id}>
              <a href={`#/groups/${id}`}>{name}</a>
            </div>
          ))}
          {groups_owned > owned.length && t('broadcast.andMore', { count: groups_owned - owned.length })}
        </>
      ),
    ],
    [t('standing.bot'), bot ? t('yes') : t('no')],
  ];
  if (may('apps:read')) {
    facts.push([t('standing.apps'), apps.map(({ name }) => name).join(', ')]);
    if (bot) facts.push([t('standing.hooks'), hooks.map(({ name }) => name).join(', ')]);
  }
  if (may('accounts:read')) {
    facts.push([
      t('standing.account'),
      account && (
        <>
          {account.name} · {t(`role.${account.role}`)}{' '}
          {account.disabled && <Badge mood="warn">{t('account.disabled')}</Badge>}
        </>
      ),
    ]);
  }
  return facts;
}
