import { thresholds } from '@teamtalk/observer';
import type { Alert } from './alert.js';
import { failures, faults, kept } from './canary-queries.js';

/** Whether an error budget of the canary burns this many times too fast over both the long and the short window. */
function burns(times: number, long: string, short: string): string {
  const limit = `${times} * ${thresholds.canaryBudget}`;
  return kept
    .map((each) => `(${failures(each, long)} > ${limit} and ${failures(each, short)} > ${limit})`)
    .join(' or ');
}

/** Alerts on the canary's messages, in installations that run one. */
export const canaryAlerts: readonly Alert[] = [
  {
    alert: 'TeamTalkCanaryLost',
    expr: `sum by (namespace) (increase(${faults}[5m])) > 0`,
    severity: 'critical',
    summary: 'acknowledged messages are lost, duplicated or out of order',
  },
  {
    // 2 % of a month's budget in an hour, or 5 % in six hours.
    alert: 'TeamTalkCanaryBudgetBurning',
    expr: `${burns(14.4, '1h', '5m')} or ${burns(6, '6h', '30m')}`,
    severity: 'critical',
    summary: 'at the current failure rate a month’s error budget lasts only days',
  },
  {
    // 10 % of a month's budget in one day, or in three days.
    alert: 'TeamTalkCanaryBudgetLow',
    expr: `${burns(3, '1d', '2h')} or ${burns(1, '3d', '6h')}`,
    severity: 'warning',
    summary: 'at the current failure rate the error budget does not last a month',
  },
  {
    alert: 'TeamTalkCanarySilent',
    expr: [
      'max by (namespace) (teamtalk_canary_users_online) < 2',
      'group by (namespace) (last_over_time(teamtalk_canary_users[1h])) unless group by (namespace) (teamtalk_canary_users)',
    ].join(' or '),
    for: '5m',
    severity: 'warning',
    summary: 'the canary sends no messages: delivery is not monitored',
  },
  {
    alert: 'TeamTalkCanaryServerUnwatched',
    expr: 'max by (namespace) (teamtalk_canary_servers - teamtalk_canary_servers_connected) > 0',
    for: '10m',
    severity: 'warning',
    summary: 'the canary is not logged in at {{ $value }} of the msg_servers it knows',
  },
];
