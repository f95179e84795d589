import { useSignal } from '@preact/signals';
import { webhookEvents } from '@teamtalk/rpc/app-permissions';
import { call } from '../api/client.js';
import { ApiProblem } from '../api/problem.js';
import { t } from '../text/text.js';
import { CheckBoxes, chosenOf } from '../ui/check-boxes.js';
import { Dialog } from '../ui/dialog.js';
import { Form, TextField, type Values } from '../ui/form.js';
import { say } from '../ui/toast.js';
import { UserChoice } from './user-choice.js';
import type { Webhook } from './webhook-list.js';
import type { Secret } from './webhook-secret.js';

interface WebhookDialogProps {
  /** null: a new webhook */
  readonly webhook: Webhook | null;
  readonly onSecret: (secret: Secret) => void;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** Adds a webhook, or changes where its events are posted, and which. */
export function WebhookDialog({ webhook, onSecret, onSaved, onClose }: WebhookDialogProps) {
  const botId = useSignal(webhook?.bot_id ?? null);
  const save = async (values: Values) => {
    const target = {
      events: chosenOf<(typeof webhookEvents)[number]>(values, 'events', 'no-events'),
      bot_id: botId.value,
    };
    if (target.events.includes('message') && botId.value === null) throw new ApiProblem('no-bot');
    const url = values.text('url');
    if (webhook) {
      const params = { webhook_id: webhook.webhook_id };
      await call('changeWebhook', { params, body: { ...target, ...(url !== '' && { url }) } });
      say(t('saved'));
    } else {
      const name = values.text('name');
      const { webhook_id, secret } = await call('createWebhook', { body: { name, url, ...target } });
      onSecret({ webhookId: webhook_id, name, secret });
    }
    onSaved();
    onClose();
  };
  return (
    <Dialog title={webhook ? t('webhook.edit', { name: webhook.name }) : t('webhook.new')} onClose={onClose}>
      <Form submit={webhook ? t('save') : t('webhook.create')} onCancel={onClose} onSubmit={save}>
        {!webhook && <TextField name="name" label={t('name')} maxLength={64} required autofocus />}
        <TextField
          name="url"
          type="url"
          label={t('webhook.url')}
          hint={webhook ? t('webhook.urlKept', { origin: webhook.origin }) : t('webhook.urlHint')}
          maxLength={1024}
          required={!webhook}
        />
        <CheckBoxes
          name="events"
          legend={t('webhook.events')}
          options={webhookEvents.map((event) => ({
            value: event,
            label: t(`webhookEvent.${event}`),
            note: event,
          }))}
          checked={webhook?.events ?? []}
        />
        <UserChoice
          label={t('webhook.bot')}
          userId={botId.value}
          nobody={t('webhook.botHint')}
          onChoose={(id) => {
            botId.value = id;
          }}
        />
      </Form>
    </Dialog>
  );
}
