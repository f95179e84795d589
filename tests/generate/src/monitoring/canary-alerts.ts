import type { Alert } from './alert.js';
import { failures, faults, kept } from './canary-queries.js';
import { thresholds } from './thresholds.js';

/** Whether one of the canary's error budgets is used up so many times as fast as it may be, in both times. */
function burns(times: number, long: string, short: string): string {
  const limit = `${times} * ${thresholds.canaryBudget}`;
  return kept
    .map((each) => `(${failures(each, long)} > ${limit} and ${failures(each, short)} > ${limit})`)
    .join(' or ');
}

/** What the canary's messages tell, where one runs. */
export const canaryAlerts: readonly Alert[] = [
  {
    alert: 'TeamTalkCanaryLost',
    expr: `sum by (namespace) (increase(${faults}[5m])) > 0`,
    severity: 'critical',
    summary: 'acknowledged messages do not arrive, or come twice or out of order',
  },
  {
    // A fiftieth of a month's budget in an hour, or a twentieth in six hours.
    alert: 'TeamTalkCanaryBudgetBurning',
    expr: `${burns(14.4, '1h', '5m')} or ${burns(6, '6h', '30m')}`,
    severity: 'critical',
    summary: 'so many messages fail that the error budget of a month lasts for days only',
  },
  {
    // A tenth of a month's budget in a day, or in three days.
    alert: 'TeamTalkCanaryBudgetLow',
    expr: `${burns(3, '1d', '2h')} or ${burns(1, '3d', '6h')}`,
    severity: 'warning',
    summary: 'more messages fail than the error budget has for a month',
  },
  {
    alert: 'TeamTalkCanarySilent',
    expr: [
      'max by (namespace) (teamtalk_canary_users_online) < 2',
      'group by (namespace) (last_over_time(teamtalk_canary_users[1h])) unless group by (namespace) (teamtalk_canary_users)',
    ].join(' or '),
    for: '5m',
    severity: 'warning',
    summary: 'the canary does not write: nobody watches whether messages arrive',
  },
  {
    alert: 'TeamTalkCanaryServerUnwatched',
    expr: 'max by (namespace) (teamtalk_canary_servers - teamtalk_canary_servers_connected) > 0',
    for: '10m',
    severity: 'warning',
    summary: 'the canary is not online at {{ $value }} msg_servers that it knows of',
  },
];
