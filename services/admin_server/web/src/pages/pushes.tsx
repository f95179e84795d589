import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, tOr, when } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, type Mood, Page } from '../ui/parts.js';
import { goTo } from '../ui/route.js';
import { type Column, Table } from '../ui/table.js';
import { PushProviders } from './push-providers.js';
import { Devices } from './user-devices.js';
import { callName } from './user-name.js';
import { UserPicker } from './user-picker.js';

type Push = ApiReply<'listPushes'>['pushes'][number];

const moods: Readonly<Record<Push['outcome'], Mood>> = {
  accepted: 'good',
  'badge-only': '',
  withdrawn: '',
  dropped: 'warn',
  gone: 'bad',
  waiting: 'info',
};

/** The outcomes of pushes: why a phone rang, or why not. */
export function Pushes({ userId }: { userId: number | undefined }) {
  return (
    <Page title={t('push')} about={t('push.about')}>
      <Card>
        <UserPicker
          label={t('push.whose')}
          action={t('push.show')}
          onPick={({ user_id }) => goTo(`push/${user_id}`)}
        />
      </Card>
      {userId !== undefined && <PushesOf userId={userId} />}
      {userId === undefined && may('pushes:providers') && <PushProviders />}
    </Page>
  );
}

function PushesOf({ userId }: { userId: number }) {
  const params = { user_id: userId };
  const user = useLoad((signal) => call('getUser', { params }, signal), [userId]);
  const pushes = useLoad((signal) => call('listPushes', { params }, signal), [userId]);
  return (
    <Ready of={user}>
      {(found) => (
        <>
          <h2>
            <a href={`#/users/${userId}`}>{callName(found)}</a>
          </h2>
          <Devices userId={userId} link={false} />
          <Card
            flush
            title={t('push.last')}
            actions={
              <button type="button" class="slim" onClick={pushes.reload}>
                {t('reload')}
              </button>
            }
          >
            <Ready of={pushes}>
              {(list) =>
                list.pushes.length > 0 ? (
                  <Table
                    caption={t('push.last')}
                    saveAs="pushes"
                    rows={list.pushes.map((push, index) => ({ push, index }))}
                    keyOf={({ index }) => index}
                    columns={columns()}
                    busy={pushes.busy}
                  />
                ) : (
                  <Empty title={t('push.none')}>{t('push.noneAbout')}</Empty>
                )
              }
            </Ready>
          </Card>
        </>
      )}
    </Ready>
  );
}

function columns(): Column<{ readonly push: Push }>[] {
  return [
    { label: t('audit.at'), cell: ({ push }) => when(push.at, 'medium') },
    {
      label: t('push.outcome'),
      cell: ({ push }) => <Badge mood={moods[push.outcome]}>{t(`outcome.${push.outcome}`)}</Badge>,
    },
    { label: t('push.reason'), cell: ({ push }) => tOr(`reason.${push.reason}`, push.reason) },
    {
      label: t('push.conversation'),
      cell: ({ push }) =>
        push.group_id === undefined ? (
          <a href={`#/users/${push.peer_id}`}>{t('user.numbered', { id: String(push.peer_id) })}</a>
        ) : (
          <a href={`#/groups/${push.group_id}`}>{t('group.numbered', { id: String(push.group_id) })}</a>
        ),
    },
    { label: t('push.message'), cell: ({ push }) => String(push.msg_id), number: true },
    { label: t('push.provider'), cell: ({ push }) => push.provider },
    { label: t('push.attempts'), cell: ({ push }) => String(push.attempts), number: true },
  ];
}
