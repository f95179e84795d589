import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { count, t } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, Page } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';

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
  return (
    <Page title={t('overview')} about={t('overview.about')}>
      <Ready of={loaded}>
        {(overview) => (
          <>
            <dl class="figures">
              <Figure name={t('overview.online')} value={overview.online_users}>
                <Trend of={online.value} />
              </Figure>
              <Figure name={t('overview.connections')} value={overview.connections} />
              <Figure name={t('overview.users')} value={overview.users} />
              <Figure name={t('overview.left')} value={overview.users_left} />
              <Figure name={t('departments')} value={overview.departments} />
              <Figure name={t('groups')} value={overview.groups} />
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
          </>
        )}
      </Ready>
    </Page>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: number;
  readonly children?: ComponentChildren;
}

function Figure({ name, value, children }: FigureProps) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {count(value)}
        {children}
      </dd>
    </div>
  );
}

/** A line chart of a figure's past values. */
function Trend({ of: values }: { of: readonly number[] }) {
  if (values.length < 2) return null;
  const least = Math.min(...values);
  const most = Math.max(...values);
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * 100;
    const y = most === least ? 12 : 23 - ((value - least) / (most - least)) * 22;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      class="spark"
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      role="img"
      aria-label={t('overview.trend', { least, most })}
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
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
