import type { AlertCase } from './alert-cases.js';

const labels = { namespace: 'a' };
const counter = (what: string, outcome: string) =>
  `teamtalk_canary_${what}_total{namespace="a",outcome="${outcome}"}`;

/** Deliveries per minute with the canary's defaults: two messages a second to 99 others. 1 in 10,000 is about one a minute. */
const perMinute = 2 * 99 * 60;
const lostPerMinute = Math.floor(perMinute / 10_000);

export const canaryAlertCases: readonly AlertCase[] = [
  {
    // In minutes 4 to 8 one delivery in 10,000 is lost.
    alert: 'TeamTalkCanaryLost',
    series: {
      [counter('deliveries', 'delivered')]: `0+${perMinute}x40`,
      [counter('deliveries', 'lost')]: `0x3 ${lostPerMinute}+${lostPerMinute}x4 ${5 * lostPerMinute}x30`,
      [counter('deliveries', 'interrupted')]: '0+100x40',
    },
    quiet: 3,
    rings: 5,
    stops: 15,
    labels,
    summary: 'acknowledged messages are lost, duplicated or out of order',
  },
  {
    // In minutes 61 to 70 a fifth of the deliveries is late.
    alert: 'TeamTalkCanaryBudgetBurning',
    series: {
      [counter('deliveries', 'delivered')]: '0+100x60 6080+80x9 6900+100x60',
      [counter('deliveries', 'late')]: '0x60 20+20x9 200x61',
      [counter('deliveries', 'interrupted')]: '0+50x131',
      [counter('messages', 'interrupted')]: '0+50x131',
    },
    quiet: 60,
    rings: 66,
    stops: 110,
    labels,
    summary: 'at the current failure rate a month’s error budget lasts only days',
  },
  {
    // In minutes 61 to 70 PostgreSQL is down: without acks there are no deliveries.
    alert: 'TeamTalkCanaryBudgetBurning',
    series: {
      [counter('deliveries', 'delivered')]: '0+1900x60 114000x9 115900+1900x60',
      [counter('messages', 'acknowledged')]: '0+100x60 6000x9 6100+100x60',
      [counter('messages', 'unacknowledged')]: '0x60 100+100x9 1000x61',
    },
    quiet: 60,
    rings: 66,
    stops: 110,
    labels,
    summary: 'at the current failure rate a month’s error budget lasts only days',
  },
  {
    // In minutes 61 to 120 one delivery in a hundred is late.
    alert: 'TeamTalkCanaryBudgetLow',
    series: {
      [counter('deliveries', 'delivered')]: '0+100x60 6099+99x59 12040+100x500',
      [counter('deliveries', 'late')]: '0x60 1+1x59 60x500',
    },
    quiet: 60,
    rings: 90,
    stops: 500,
    labels,
    summary: 'at the current failure rate the error budget does not last a month',
  },
  {
    alert: 'TeamTalkCanarySilent',
    series: { 'teamtalk_canary_users_online{namespace="a"}': '20x3 0x10 20x10' },
    quiet: 3,
    rings: 11,
    stops: 16,
    labels,
    summary: 'the canary sends no messages: delivery is not monitored',
  },
  {
    // The canary was deleted.
    alert: 'TeamTalkCanarySilent',
    series: { 'teamtalk_canary_users{namespace="a"}': '20x3 stale _x10 20x10' },
    quiet: 3,
    rings: 11,
    stops: 17,
    labels,
    summary: 'the canary sends no messages: delivery is not monitored',
  },
  {
    alert: 'TeamTalkCanaryServerUnwatched',
    series: {
      'teamtalk_canary_servers{namespace="a"}': '3x40',
      'teamtalk_canary_servers_connected{namespace="a"}': '3x3 1x15 3x10',
    },
    quiet: 3,
    rings: 16,
    stops: 20,
    labels,
    summary: 'the canary is not logged in at 2 of the msg_servers it knows',
  },
];
