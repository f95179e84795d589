import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t } from '../text/text.js';
import { ListCard } from '../ui/list-card.js';
import { useLoad } from '../ui/load.js';
import { Badge } from '../ui/parts.js';
import { goTo } from '../ui/route.js';
import type { Column } from '../ui/table.js';
import { WebhookDialog } from './webhook-dialog.js';
import { type Secret, WebhookSecret } from './webhook-secret.js';

export type Webhook = ApiReply<'listWebhooks'>['webhooks'][number];

/** Systems that receive events. */
export function WebhookList() {
  const loaded = useLoad((signal) => call('listWebhooks', undefined, signal), []);
  const isAdding = useSignal(false);
  const issued = useSignal<Secret | undefined>(undefined);
  return (
    <>
      <ListCard
        title={t('apps.webhooks')}
        name="webhooks"
        add={may('apps:write') && t('webhook.new')}
        onAdd={() => {
          isAdding.value = true;
        }}
        of={loaded}
        rowsOf={({ webhooks }) => webhooks}
        keyOf={({ webhook_id }) => webhook_id}
        columns={columns()}
        none={[t('webhooks.none'), t('webhooks.noneDo')]}
      />
      {isAdding.value && (
        <WebhookDialog
          webhook={null}
          onSecret={(secret) => {
            issued.value = secret;
          }}
          onSaved={loaded.reload}
          onClose={() => {
            isAdding.value = false;
          }}
        />
      )}
      {issued.value && (
        <WebhookSecret of={issued.value} onClose={() => goTo(`apps/webhooks/${issued.value?.webhookId}`)} />
      )}
    </>
  );
}

function columns(): Column<Webhook>[] {
  return [
    {
      label: t('name'),
      cell: ({ webhook_id, name, disabled }) => (
        <>
          <a href={`#/apps/webhooks/${webhook_id}`}>{name}</a>{' '}
          {disabled && <Badge mood="warn">{t('webhook.disabled')}</Badge>}
        </>
      ),
    },
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
