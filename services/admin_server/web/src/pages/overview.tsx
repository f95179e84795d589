import { signal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { count, t } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, Page } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { Trend } from '../ui/trend.js';
import { Alerts, Certificates, ClientClasses, Queues, Rates, useActivity } from './activity.js';
import { Figure } from './figures.js';

type Instance = ApiReply<'getOverview'>['instances'][number];

const everyMs = 3_000;
const maxPoints = 400;

/** Numbers of online users since the console was opened. */
const online = signal<readonly number[]>([]);

export function Overview() {
  const loaded = useLoad(
    async (signal) => {
      const overview = await call('getOverview', undefined, signal);
      online.value = [...online.value, overview.online_users].slice(-maxPoints);
      return overview;
    },
    [],
    everyMs,
  );
  const activity = useActivity();
  return (
    <Page title={t('overview')} about={t('overview.about')}>
      <Alerts of={activity} />
      <Ready of={loaded}>
        {(overview) => (
          <>
            <dl class="figures">
              <Rates of={activity} />
              <Figure name={t('overview.online')} value={count(overview.online_users)}>
                <Trend of={online.value} label={onlineTrend()} />
              </Figure>
              <Figure name={t('overview.connections')} value={count(overview.connections)} />
              <Figure name={t('overview.users')} value={count(overview.users)} />
              <Figure name={t('overview.left')} value={count(overview.users_left)} />
              <Figure name={t('departments')} value={count(overview.departments)} />
              <Figure name={t('groups')} value={count(overview.groups)} />
            </dl>
            {overview.users === 0 && (
              <Card>
                <Empty
                  title={t('overview.start')}
                  action={
                    <a class="button main" href="#/users/new">
                      {t('user.new')}
                    </a>
                  }
                >
                  {t('overview.startDo')}
                </Empty>
              </Card>
            )}
            <div class="columns">
              <Queues of={activity} />
              <ClientClasses of={activity} />
            </div>
            <Card flush title={t('overview.instances')}>
              {overview.instances.length > 0 ? (
                <Table
                  caption={t('overview.instances')}
                  saveAs="services"
                  rows={overview.instances}
                  keyOf={({ instance }) => instance}
                  columns={columns()}
                />
              ) : (
                <Empty title={t('overview.noInstances')}>{t('overview.noInstancesDo')}</Empty>
              )}
            </Card>
            <Certificates of={activity} />
          </>
        )}
      </Ready>
    </Page>
  );
}

function onlineTrend(): string {
  const values = online.value;
  return t('overview.trend', { least: Math.min(...values), most: Math.max(...values) });
}

function columns(): Column<Instance>[] {
  return [
    {
      label: t('instance.service'),
      cell: ({ service, instance }) => (
        <>
          {service} <span class="quiet small code">{instance}</span>
        </>
      ),
    },
    { label: t('instance.host'), cell: ({ hostname }) => hostname },
    { label: t('address'), cell: ({ address }) => address },
    { label: t('about.version'), cell: ({ version }) => version },
    { label: t('overview.online'), cell: (each) => figure(each, each.online_users), number: true },
    {
      label: t('overview.connections'),
      cell: (each) =>
        each.max_connections > 0
          ? `${count(each.connections)} / ${count(each.max_connections)}`
          : figure(each, each.connections),
      number: true,
    },
    {
      label: t('status'),
      cell: ({ draining }) =>
        draining ? (
          <Badge mood="warn">{t('instance.draining')}</Badge>
        ) : (
          <Badge mood="good">{t('instance.up')}</Badge>
        ),
    },
  ];
}

/** A figure as text; empty for services that clients do not connect to. */
function figure({ address, connections }: Instance, value: number): string {
  return address === '' && connections === 0 ? '' : count(value);
}
