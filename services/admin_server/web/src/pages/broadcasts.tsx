import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, type Mood, Page } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';

type Broadcast = ApiReply<'listBroadcasts'>['broadcasts'][number];

/** Milliseconds between updates of the progress. */
const everyMs = 2_000;

const moods: Readonly<Record<Broadcast['state'], Mood>> = {
  scheduled: 'info',
  sending: 'info',
  done: 'good',
  cancelled: 'warn',
  nobody: 'warn',
};

/** The broadcasts of bots. */
export function Broadcasts() {
  const loaded = useLoad((signal) => call('listBroadcasts', undefined, signal), [], everyMs);
  const write = may('broadcasts:write') && (
    <a class="button main" href="#/broadcasts/new">
      {t('broadcast.new')}
    </a>
  );
  return (
    <Page title={t('broadcasts')} about={t('broadcasts.about')} actions={write}>
      <Card flush>
        <Ready of={loaded}>
          {({ broadcasts }) =>
            broadcasts.length > 0 ? (
              <Table
                caption={t('broadcasts')}
                saveAs="broadcasts"
                rows={broadcasts}
                keyOf={({ broadcast_id }) => broadcast_id}
                columns={columns(loaded.reload)}
              />
            ) : (
              <Empty title={t('broadcasts.none')}>{t('broadcasts.noneDo')}</Empty>
            )
          }
        </Ready>
      </Card>
    </Page>
  );
}

function columns(onChanged: () => void): Column<Broadcast>[] {
  const shown: Column<Broadcast>[] = [
    { label: t('broadcast.message'), cell: ({ message }) => <span class="clamped">{message}</span> },
    { label: t('broadcast.from'), cell: ({ from_name }) => from_name },
    { label: t('broadcast.to'), cell: target },
    { label: t('status'), cell: (each) => <Status {...each} /> },
    {
      label: t('broadcast.by'),
      cell: ({ created_by, created_at }) => (
        <>
          {created_by}
          <div class="quiet small">{when(created_at)}</div>
        </>
      ),
    },
  ];
  if (!may('broadcasts:write')) return shown;
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: (each) =>
        (each.state === 'scheduled' || each.state === 'sending') && (
          <button
            type="button"
            class="plain slim danger"
            aria-label={`${t('cancel')}: ${beginning(each.message)}`}
            onClick={() => cancel(each, onChanged)}
          >
            {t('cancel')}
          </button>
        ),
    },
  ];
}

function target({ audience, names, chosen }: Broadcast): string {
  if (audience === 'everybody') return t('scope.installation');
  const more = chosen - names.length;
  return names.join(', ') + (more > 0 ? ` ${t('broadcast.andMore', { count: more })}` : '');
}

function Status({ state, send_at, ended_at, receivers, stored, cancelled_by }: Broadcast) {
  const told = t('broadcast.progress', { stored, receivers });
  return (
    <>
      <Badge mood={moods[state]}>{t(`broadcast.state.${state}`)}</Badge>{' '}
      {state === 'scheduled' && <div class="small">{when(send_at)}</div>}
      {state === 'sending' && (
        <>
          <progress max={receivers} value={stored} aria-label={told} />
          <div class="small">{told}</div>
        </>
      )}
      {state === 'done' && <span class="small">{t('broadcast.reached', { count: stored })}</span>}
      {state === 'cancelled' && (
        <div class="small">{receivers > 0 ? told : t('broadcast.before', { who: cancelled_by ?? '' })}</div>
      )}
      {ended_at !== null && <div class="quiet small">{when(ended_at)}</div>}
    </>
  );
}

function cancel({ broadcast_id, message, state }: Broadcast, onChanged: () => void): void {
  confirmThen({
    title: t('broadcast.cancel'),
    text: t(state === 'scheduled' ? 'broadcast.cancelAsk' : 'broadcast.cancelSendingAsk', {
      message: beginning(message),
    }),
    action: t('broadcast.cancel'),
    danger: true,
    work: async () => {
      await call('cancelBroadcast', { params: { broadcast_id } });
      say(t('broadcast.isCancelled'));
      onChanged();
    },
  });
}

/** A message shortened to its first 60 characters, for lists and questions. */
export function beginning(message: string): string {
  const characters = [...message];
  return characters.length <= 60 ? message : `${characters.slice(0, 60).join('')}…`;
}

export function receiversText(receivers: number): string {
  return receivers === 0 ? t('broadcast.nobody') : t('broadcast.receivers', { count: receivers });
}
