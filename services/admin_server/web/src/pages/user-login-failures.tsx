import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';

type Failure = ApiReply<'listLoginFailures'>['failures'][number];

/** Failed logins that still count, with a button to unlock the user. */
export function LoginFailures({ userId, name }: { userId: number; name: string }) {
  const params = { user_id: userId };
  const loaded = useLoad((signal) => call('listLoginFailures', { params }, signal), [userId]);
  const unlock = () =>
    confirmThen({
      title: t('failures.unlock'),
      text: t('failures.unlockAsk', { name }),
      action: t('failures.unlock'),
      work: async () => {
        await call('unlockUser', { params });
        say(t('failures.unlocked', { name }));
        loaded.reload();
      },
    });
  const failed = (loaded.data?.failures.length ?? 0) > 0;
  return (
    <Card
      flush
      title={t('failures')}
      actions={
        failed &&
        may('users:reset-password') && (
          <button type="button" class="slim" onClick={unlock}>
            {t('failures.unlock')}
          </button>
        )
      }
    >
      <Ready of={loaded}>
        {({ failures, max_failures, window_minutes }) =>
          failures.length === 0 ? (
            <Empty title={t('failures.none')}>
              {t('failures.noneAbout', { count: max_failures, minutes: Math.ceil(window_minutes) })}
            </Empty>
          ) : (
            <Table
              caption={t('failures')}
              saveAs="failed-logins"
              rows={failures}
              keyOf={({ network }) => network}
              columns={columns()}
            />
          )
        }
      </Ready>
    </Card>
  );
}

function columns(): Column<Failure>[] {
  return [
    {
      label: t('address'),
      cell: ({ network, locked, known }) => (
        <>
          {network || t('failures.unknown')} {locked && <Badge mood="bad">{t('failures.locked')}</Badge>}{' '}
          {known && <Badge>{t('failures.known')}</Badge>}
        </>
      ),
    },
    { label: t('failures.count'), cell: ({ failures }) => String(failures), number: true },
    { label: t('failures.last'), cell: ({ last_at }) => when(last_at, 'medium') },
  ];
}
