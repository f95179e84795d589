import { signal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { count, t, tOr, when } from '../text/text.js';
import { type Loaded, Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { Trend } from '../ui/trend.js';
import { durationText, Figure, rateText } from './figures.js';

type Activity = ApiReply<'getActivity'>;
type Queue = Activity['queues'][number];
type Certificate = Activity['certificates'][number];

const everyMs = 3_000;
/** Twenty minutes. */
const maxPoints = 400;
const soonDays = 14;

/** Rates and delays since the console was opened. */
const past = signal<readonly Pick<Activity, 'messages_per_second' | 'delivery_p99_seconds'>[]>([]);

/** What is going on, fetched every few seconds. */
export function useActivity(): Loaded<Activity> {
  return useLoad(
    async (aborted) => {
      const activity = await call('getActivity', undefined, aborted);
      past.value = [...past.value, activity].slice(-maxPoints);
      return activity;
    },
    [],
    everyMs,
  );
}

/** The alerts that hold, and what limits what can be seen. */
export function Alerts({ of: loaded }: { of: Loaded<Activity> }) {
  return (
    <Card title={t('alerts')}>
      <Ready of={loaded}>
        {({ alerts, unread, doubt, versions }) => (
          <div class="stack">
            {alerts.length === 0 && <p>{t('alerts.none')}</p>}
            {alerts.map((each) => (
              <Alert key={each.alert} of={each} />
            ))}
            {isSkewed(versions) && (
              <div class="notice warn">
                <span>{t('alerts.skew')}</span>
                <a href="#/about">{t('upgrade')}</a>
              </div>
            )}
            {doubt && <div class="notice warn">{t('alerts.doubt')}</div>}
            {unread.length > 0 && (
              <div class="notice warn">
                {t('alerts.unread', { names: unread.map(({ instance }) => instance).join(', ') })}
              </div>
            )}
          </div>
        )}
      </Ready>
    </Card>
  );
}

function Alert({ of: { alert, severity, subjects, since } }: { of: Activity['alerts'][number] }) {
  return (
    <div class={`notice ${severity === 'critical' ? 'bad' : 'warn'}`} role="alert">
      <span class="stack tight">
        <strong>{tOr(`alert.${alert}`, alert)}</strong>
        {subjects.length > 0 && <span class="code">{subjects.join(', ')}</span>}
        <span>{tOr(`alert.${alert}.do`, '')}</span>
        <span class="small">
          {t('alerts.since', { when: when(since, 'medium') })} ·{' '}
          <a href={`#/alerts/${alert}`} aria-label={`${t('alerts.guide')}: ${alert}`}>
            {t('alerts.guide')}
          </a>
        </span>
      </span>
    </div>
  );
}

/** Whether replicas of the installation run different versions. */
function isSkewed(versions: Activity['versions']): boolean {
  return new Set(versions.map(({ version }) => version)).size > 1;
}

export function Rates({ of: { data } }: { of: Loaded<Activity> }) {
  const rates = past.value.flatMap(({ messages_per_second: rate }) => (rate === null ? [] : [rate]));
  const delays = past.value.flatMap(({ delivery_p99_seconds: delay }) => (delay === null ? [] : [delay]));
  return (
    <>
      <Figure name={t('activity.messages')} value={rateText(data?.messages_per_second ?? null)}>
        <Trend of={rates} label={t('activity.messagesTrend', extremesOf(rates, rateText))} />
      </Figure>
      <Figure name={t('activity.deliveries')} value={rateText(data?.deliveries_per_second ?? null)} />
      <Figure name={t('activity.p50')} value={data ? delayText(data, data.delivery_p50_seconds) : null} />
      <Figure name={t('activity.p99')} value={data ? delayText(data, data.delivery_p99_seconds) : null}>
        <Trend of={delays} label={t('activity.p99Trend', extremesOf(delays, durationText))} />
      </Figure>
    </>
  );
}

/** Without messages there is no delay; that is not the same as not knowing it. */
function delayText({ messages_per_second: rate }: Activity, seconds: number | null): string | null {
  return seconds === null && rate !== null ? '–' : durationText(seconds);
}

function extremesOf(values: readonly number[], text: (value: number) => string | null) {
  const shown = (value: number) => (Number.isFinite(value) ? (text(value) ?? '') : '');
  return { least: shown(Math.min(...values)), most: shown(Math.max(...values)) };
}

export function Queues({ of: loaded }: { of: Loaded<Activity> }) {
  return (
    <Card flush title={t('queues')}>
      <Ready of={loaded}>
        {({ queues }) => (
          <Table
            caption={t('queues')}
            saveAs="queues"
            rows={queues}
            keyOf={({ queue }) => queue}
            columns={queueColumns()}
          />
        )}
      </Ready>
    </Card>
  );
}

function queueColumns(): Column<Queue>[] {
  return [
    { label: t('queue'), cell: ({ queue }) => t(`queue.${queue}`) },
    { label: t('queue.waiting'), cell: ({ waiting }) => count(waiting), number: true },
    {
      label: t('queue.oldest'),
      cell: ({ waiting, oldest_seconds: age }) => (waiting > 0 ? durationText(age) : '–'),
      number: true,
    },
  ];
}

export function ClientClasses({ of: loaded }: { of: Loaded<Activity> }) {
  return (
    <Card flush title={t('classes')} actions={<a href="#/clients">{t('clients')}</a>}>
      <Ready of={loaded}>
        {({ classes }) =>
          classes.length > 0 ? (
            <Table
              caption={t('classes')}
              saveAs="online"
              rows={classes}
              keyOf={(each) => each.class}
              columns={[
                { label: t('clients.class'), cell: (each) => t(`class.${each.class}`) },
                { label: t('overview.online'), cell: ({ users }) => count(users), number: true },
                {
                  label: t('overview.connections'),
                  cell: ({ connections }) => count(connections),
                  number: true,
                },
              ]}
            />
          ) : (
            <Empty title={t('classes.none')}>{t('classes.noneDo')}</Empty>
          )
        }
      </Ready>
    </Card>
  );
}

export function Certificates({ of: loaded }: { of: Loaded<Activity> }) {
  return (
    <Card flush title={t('certificates')}>
      <Ready of={loaded}>
        {({ certificates }) =>
          certificates.length > 0 ? (
            <Table
              caption={t('certificates')}
              saveAs="certificates"
              rows={certificates}
              keyOf={({ instance }) => instance}
              columns={certificateColumns()}
            />
          ) : (
            <Empty title={t('certificates.none')}>{t('certificates.noneDo')}</Empty>
          )
        }
      </Ready>
    </Card>
  );
}

function certificateColumns(): Column<Certificate>[] {
  const daysLeft = ({ expires_at: at }: Certificate) =>
    Math.floor((Date.parse(at) - Date.now()) / 86_400_000);
  return [
    { label: t('instance.service'), cell: ({ instance }) => instance },
    { label: t('certificates.expires'), cell: ({ expires_at: at }) => when(at) },
    {
      label: t('certificates.days'),
      cell: (each) =>
        daysLeft(each) < soonDays ? <Badge mood="bad">{count(daysLeft(each))}</Badge> : count(daysLeft(each)),
      number: true,
    },
  ];
}
