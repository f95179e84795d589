import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, tOr, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Ready, useLoad } from '../ui/load.js';
import { Card, Empty } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';

type Connection = ApiReply<'listConnections'>['connections'][number];

const everyMs = 5_000;

/** A user's current connections. */
export function Connections({ userId, name }: { userId: number; name: string }) {
  const params = { user_id: userId };
  const loaded = useLoad((signal) => call('listConnections', { params }, signal), [userId], everyMs);
  const end = ({ connection_id, client, address }: Connection) =>
    confirmThen({
      title: t('connection.end'),
      text: t('connection.endAsk', { name, client: clientName(client), address }),
      action: t('connection.end'),
      danger: true,
      work: async () => {
        await call('endConnection', { params: { ...params, connection_id } });
        say(t('connection.ended', { name }));
        loaded.reload();
      },
    });
  const endAll = () =>
    confirmThen({
      title: t('connections.end'),
      text: t('connections.endAsk', { name }),
      action: t('connections.end'),
      danger: true,
      work: async () => {
        await call('endConnections', { params });
        say(t('connections.ended', { name }));
        loaded.reload();
      },
    });
  const some = (loaded.data?.connections.length ?? 0) > 0;
  return (
    <Card
      flush
      title={t('connections')}
      actions={
        some &&
        may('users:disconnect') && (
          <button type="button" class="slim danger" onClick={endAll}>
            {t('connections.end')}
          </button>
        )
      }
    >
      <Ready of={loaded}>
        {({ connections }) =>
          connections.length > 0 ? (
            <Table
              caption={t('connections')}
              saveAs="connections"
              rows={connections}
              keyOf={({ connection_id }) => connection_id}
              columns={columns(end)}
            />
          ) : (
            <Empty title={t('connections.none')}>{t('connections.noneAbout')}</Empty>
          )
        }
      </Ready>
    </Card>
  );
}

function clientName(client: string): string {
  return tOr(`client.${client}`, client);
}

function columns(end: (connection: Connection) => void): Column<Connection>[] {
  const shown: Column<Connection>[] = [
    {
      label: t('connection.client'),
      cell: ({ client, client_version }) => (
        <>
          {clientName(client)} <span class="quiet small">{client_version}</span>
        </>
      ),
    },
    { label: t('address'), cell: ({ address }) => address },
    { label: t('since'), cell: ({ since }) => when(since) },
  ];
  if (!may('users:disconnect')) return shown;
  const actions: Column<Connection> = {
    label: t('actions'),
    actions: true,
    cell: (connection) => (
      <button
        type="button"
        class="slim danger"
        aria-label={`${t('connection.end')}: ${clientName(connection.client)} ${connection.address}`}
        onClick={() => end(connection)}
      >
        {t('connection.end')}
      </button>
    ),
  };
  return [...shown, actions];
}
