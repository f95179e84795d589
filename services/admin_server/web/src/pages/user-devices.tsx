import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, when } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { TestPush } from './test-push.js';

type Device = ApiReply<'listDevices'>['devices'][number];

/** A user's devices for push. */
export function Devices({ userId, link = true }: { userId: number; link?: boolean }) {
  const loaded = useLoad((signal) => call('listDevices', { params: { user_id: userId } }, signal), [userId]);
  return (
    <Card flush title={t('devices')} actions={link && <a href={`#/push/${userId}`}>{t('push.why')}</a>}>
      <Ready of={loaded}>
        {({ devices }) =>
          devices.length > 0 ? (
            <Table
              caption={t('devices')}
              saveAs="devices"
              rows={devices}
              keyOf={({ device_id }) => device_id}
              columns={columns(userId)}
            />
          ) : (
            <Empty title={t('devices.none')}>{t('devices.noneAbout')}</Empty>
          )
        }
      </Ready>
    </Card>
  );
}

function columns(userId: number): Column<Device>[] {
  const shown: Column<Device>[] = [
    {
      label: t('device'),
      cell: ({ provider, token_end, client_version }) => (
        <>
          {provider} <span class="code">…{token_end}</span> <span class="quiet small">{client_version}</span>
        </>
      ),
    },
    { label: t('lastSeen'), cell: ({ seen_at }) => when(seen_at) },
    {
      label: t('status'),
      cell: ({ failure }) =>
        failure === null ? (
          <Badge mood="good">{t('device.works')}</Badge>
        ) : (
          <Badge mood="bad">{failure}</Badge>
        ),
    },
  ];
  if (!may('pushes:test')) return shown;
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: (device) => <TestPush userId={userId} device={device} />,
    },
  ];
}
