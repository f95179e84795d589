import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { t, when } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';

type QueuedEvent = ApiReply<'listWebhookEvents'>['events'][number];

const shown = 20;

/** The newest events of a webhook, and what became of them. */
export function WebhookEvents({ webhookId, everyMs }: { webhookId: number; everyMs: number }) {
  const query = { limit: shown };
  const loaded = useLoad(
    (signal) => call('listWebhookEvents', { params: { webhook_id: webhookId }, query }, signal),
    [webhookId],
    everyMs,
  );
  return (
    <Card flush title={t('webhook.last')}>
      <Ready of={loaded}>
        {({ events }) =>
          events.length > 0 ? (
            <Table
              caption={t('webhook.last')}
              saveAs="webhook-events"
              rows={events}
              keyOf={({ event_id }) => event_id}
              columns={columns()}
            />
          ) : (
            <Empty title={t('webhook.lastNone')}>{t('webhook.lastNoneDo')}</Empty>
          )
        }
      </Ready>
    </Card>
  );
}

function columns(): Column<QueuedEvent>[] {
  return [
    { label: t('audit.at'), cell: ({ created_at }) => when(created_at, 'medium') },
    { label: t('webhook.event'), cell: ({ event }) => event },
    { label: t('status'), cell: (event) => <State {...event} /> },
    { label: t('webhook.attempts'), cell: ({ attempts }) => String(attempts), number: true },
    { label: t('webhook.error'), cell: ({ error }) => error ?? '–' },
  ];
}

function State({ delivered_at, failed_at, next_at, attempts }: QueuedEvent) {
  if (delivered_at !== null) return <Badge mood="good">{t('webhook.delivered')}</Badge>;
  if (failed_at !== null) return <Badge mood="bad">{t('webhook.deadLetter')}</Badge>;
  if (attempts === 0 || next_at === null) return <Badge mood="info">{t('webhook.waiting')}</Badge>;
  return <Badge mood="warn">{t('webhook.nextAt', { at: when(next_at, 'medium') })}</Badge>;
}
