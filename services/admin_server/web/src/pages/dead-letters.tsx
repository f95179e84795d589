import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { More, Ready, usePages } from '../ui/load.js';
import { Card, Empty } from '../ui/parts.js';
import { RowAction } from '../ui/row-action.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';

type Letter = ApiReply<'listDeadLetters'>['letters'][number];

interface DeadLettersProps {
  readonly webhookId: number;
  readonly name: string;
  /** how many there are; the list is read again when it changes */
  readonly failed: number;
  readonly onChanged: () => void;
}

/** A webhook's events whose delivery failed for good. */
export function DeadLetters({ webhookId, name, failed, onChanged }: DeadLettersProps) {
  const params = { webhook_id: webhookId };
  const loaded = usePages<Letter>(
    async (after, signal) => {
      const query = { limit: 20, ...(after !== undefined && { after }) };
      const { letters, next } = await call('listDeadLetters', { params, query }, signal);
      return { rows: letters, next };
    },
    [webhookId, failed],
  );
  /** @param letter left out: all of them */
  const ask = (verb: 'retry' | 'drop', letter?: Letter) => {
    const title = t(letter ? `letter.${verb}` : `letters.${verb}`);
    confirmThen({
      title,
      text: letter
        ? t(`letter.${verb}Ask`, { id: String(letter.event_id), name })
        : t(`letters.${verb}Ask`, { name }),
      action: title,
      danger: verb === 'drop',
      work: async () => {
        const body = letter ? { event_ids: [letter.event_id] } : {};
        const { events } = await call(`${verb}DeadLetters`, { params, body });
        say(t(`letters.${verb}Done`, { count: events }));
        onChanged();
      },
    });
  };
  const actions = may('apps:write') && failed > 0 && (
    <span class="row">
      <button type="button" class="slim" onClick={() => ask('retry')}>
        {t('letters.retry')}
      </button>
      <button type="button" class="slim danger" onClick={() => ask('drop')}>
        {t('letters.drop')}
      </button>
    </span>
  );
  return (
    <Card flush title={t('webhook.failed')} actions={actions}>
      <Ready of={loaded}>
        {({ rows }) =>
          rows.length > 0 ? (
            <Table
              caption={t('webhook.failed')}
              saveAs="dead-letters"
              rows={rows}
              keyOf={({ event_id }) => event_id}
              busy={loaded.busy}
              columns={columns(ask)}
            />
          ) : (
            <Empty title={t('letters.none')}>{t('letters.noneAbout')}</Empty>
          )
        }
      </Ready>
      <More of={loaded} />
    </Card>
  );
}

function columns(ask: (verb: 'retry' | 'drop', letter: Letter) => void): Column<Letter>[] {
  const shown: Column<Letter>[] = [
    { label: t('audit.at'), cell: ({ created_at }) => when(created_at, 'medium') },
    { label: t('webhook.event'), cell: ({ event, event_id }) => `${event} ${event_id}` },
    { label: t('webhook.error'), cell: ({ error }) => error ?? '–' },
    { label: t('webhook.attempts'), cell: ({ attempts }) => String(attempts), number: true },
  ];
  if (!may('apps:write')) return shown;
  return [
    ...shown,
    {
      label: t('letter.data'),
      cell: ({ data }) => (
        <details>
          <summary>{t('letter.show')}</summary>
          <pre class="code">{data}</pre>
        </details>
      ),
    },
    {
      label: t('actions'),
      actions: true,
      cell: (letter) => (
        <>
          <RowAction
            label={t('letter.retry')}
            name={String(letter.event_id)}
            onClick={() => ask('retry', letter)}
          />
          <RowAction
            label={t('letter.drop')}
            name={String(letter.event_id)}
            danger
            onClick={() => ask('drop', letter)}
          />
        </>
      ),
    },
  ];
}
