import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { count, t, when } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, Page } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';

type App = ApiReply<'listApps'>['apps'][number];
type Webhook = ApiReply<'listWebhooks'>['webhooks'][number];

export function Apps() {
  const apps = useLoad((signal) => call('listApps', undefined, signal), []);
  const webhooks = useLoad((signal) => call('listWebhooks', undefined, signal), []);
  return (
    <Page title={t('apps')} about={t('apps.about')}>
      <Card flush title={t('apps.apps')}>
        <Ready of={apps}>
          {(list) =>
            list.apps.length > 0 ? (
              <Table
                caption={t('apps.apps')}
                saveAs="apps"
                rows={list.apps}
                keyOf={({ app_id }) => app_id}
                columns={appColumns()}
              />
            ) : (
              <Empty title={t('apps.none')}>
                {t('apps.noneDo')} <code>teamtalk app create</code>
              </Empty>
            )
          }
        </Ready>
      </Card>
      <Card flush title={t('apps.webhooks')}>
        <Ready of={webhooks}>
          {(list) =>
            list.webhooks.length > 0 ? (
              <Table
                caption={t('apps.webhooks')}
                saveAs="webhooks"
                rows={list.webhooks}
                keyOf={({ name }) => name}
                columns={webhookColumns()}
              />
            ) : (
              <Empty title={t('webhooks.none')}>
                {t('webhooks.noneDo')} <code>teamtalk webhook create</code>
              </Empty>
            )
          }
        </Ready>
      </Card>
    </Page>
  );
}

function appColumns(): Column<App>[] {
  return [
    {
      label: t('name'),
      cell: ({ name, revoked_at }) => (
        <>
          {name}{' '}
          {revoked_at !== null && <Badge mood="warn">{t('app.revoked', { at: when(revoked_at) })}</Badge>}
        </>
      ),
    },
    { label: t('app.permissions'), cell: ({ permissions }) => permissions.join(', ') },
    { label: t('app.from'), cell: ({ addresses }) => addresses.join(', ') || t('app.anywhere') },
    {
      label: t('app.asUser'),
      cell: ({ user_id: id }) =>
        id === null ? t('app.anyUser') : <a href={`#/users/${id}`}>{String(id)}</a>,
    },
    { label: t('app.rate'), cell: ({ rate }) => (rate === null ? '–' : count(rate)), number: true },
    { label: t('app.signs'), cell: ({ signs }) => (signs ? t('yes') : t('no')) },
  ];
}

function webhookColumns(): Column<Webhook>[] {
  return [
    { label: t('name'), cell: ({ name }) => name },
    { label: t('webhook.origin'), cell: ({ origin }) => <span class="code">{origin}</span> },
    { label: t('webhook.events'), cell: ({ events }) => events.join(', ') },
    { label: t('webhook.waiting'), cell: ({ waiting }) => count(waiting), number: true },
    {
      label: t('webhook.failed'),
      cell: ({ failed }) => (failed > 0 ? <Badge mood="bad">{count(failed)}</Badge> : '0'),
      number: true,
    },
  ];
}
