import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, Facts, Page } from '../ui/parts.js';
import { goTo } from '../ui/route.js';
import { say } from '../ui/toast.js';
import { DeadLetters } from './dead-letters.js';
import { WebhookDialog } from './webhook-dialog.js';
import { WebhookEvents } from './webhook-events.js';
import type { Webhook } from './webhook-list.js';
import { type Secret, WebhookSecret } from './webhook-secret.js';

/** Milliseconds between two refreshes of what became of its events. */
const refreshMs = 3_000;

/** One webhook: its events, its dead letters, and what can be done with it. */
export function WebhookPage({ webhookId }: { webhookId: number }) {
  const loaded = useLoad(
    async (signal) => {
      const { webhooks } = await call('listWebhooks', undefined, signal);
      return webhooks.find(({ webhook_id }) => webhook_id === webhookId) ?? null;
    },
    [webhookId],
    refreshMs,
  );
  return (
    <Ready of={loaded}>
      {(webhook) =>
        webhook ? (
          <Found key={webhookId} webhook={webhook} onChanged={loaded.reload} />
        ) : (
          <Empty
            title={t('webhook.gone')}
            action={
              <a class="button" href="#/apps">
                {t('apps')}
              </a>
            }
          />
        )
      }
    </Ready>
  );
}

function Found({ webhook, onChanged }: { webhook: Webhook; onChanged: () => void }) {
  const { webhook_id, name, disabled } = webhook;
  const isEditing = useSignal(false);
  const issued = useSignal<Secret | undefined>(undefined);
  const params = { webhook_id };
  const ask = (verb: 'disable' | 'enable' | 'delete') =>
    confirmThen({
      title: t(`webhook.${verb}`),
      text: t(`webhook.${verb}Ask`, { name }),
      action: t(`webhook.${verb}`),
      danger: verb !== 'enable',
      work: async () => {
        await call(`${verb}Webhook`, { params });
        say(t(`webhook.${verb}Done`, { name }));
        if (verb === 'delete') goTo('apps');
        else onChanged();
      },
    });
  const renew = () =>
    confirmThen({
      title: t('webhook.renew'),
      text: t('webhook.renewAsk', { name }),
      action: t('webhook.renew'),
      work: async () => {
        const { secret } = await call('renewWebhookSecret', { params });
        issued.value = { webhookId: webhook_id, name, secret };
      },
    });
  const test = () =>
    confirmThen({
      title: t('webhook.test'),
      text: t('webhook.testAsk', { origin: webhook.origin }),
      action: t('webhook.test'),
      work: async () => {
        await call('testWebhook', { params });
        say(t('webhook.testDone'));
        onChanged();
      },
    });
  const actions = may('apps:write') && (
    <>
      <button
        type="button"
        onClick={() => {
          isEditing.value = true;
        }}
      >
        {t('edit')}
      </button>
      {!disabled && (
        <button type="button" onClick={test}>
          {t('webhook.test')}
        </button>
      )}
      <button type="button" onClick={renew}>
        {t('webhook.renew')}
      </button>
      <button type="button" onClick={() => ask(disabled ? 'enable' : 'disable')}>
        {t(disabled ? 'webhook.enable' : 'webhook.disable')}
      </button>
      <button type="button" class="danger" onClick={() => ask('delete')}>
        {t('webhook.delete')}
      </button>
    </>
  );
  return (
    <Page title={name} about={<a href="#/apps">{t('apps')}</a>} actions={actions}>
      <Card title={t('webhook.target')}>
        <Facts
          of={[
            [
              t('status'),
              disabled ? (
                <Badge mood="warn">{t('webhook.disabled')}</Badge>
              ) : (
                <Badge mood="good">{t('webhook.active')}</Badge>
              ),
            ],
            [t('webhook.origin'), <span class="code">{webhook.origin}</span>],
            [t('webhook.events'), webhook.events.join(', ')],
            [
              t('webhook.bot'),
              webhook.bot_id === null ? null : (
                <a href={`#/users/${webhook.bot_id}`}>{t('user.numbered', { id: String(webhook.bot_id) })}</a>
              ),
            ],
            [t('webhook.waiting'), count(webhook.waiting)],
            [t('webhook.failed'), count(webhook.failed)],
          ]}
        />
      </Card>
      <WebhookEvents webhookId={webhook_id} everyMs={refreshMs} />
      <DeadLetters webhookId={webhook_id} name={name} failed={webhook.failed} onChanged={onChanged} />
      {isEditing.value && (
        <WebhookDialog
          webhook={webhook}
          onSecret={() => {}}
          onSaved={onChanged}
          onClose={() => {
            isEditing.value = false;
          }}
        />
      )}
      {issued.value && (
        <WebhookSecret
          of={issued.value}
          onClose={() => {
            issued.value = undefined;
          }}
        />
      )}
    </Page>
  );
}
