import type { AlertCase } from './alert-cases.js';

const labels = { namespace: 'a' };
const counter = (what: string, outcome: string) =>
  `teamtalk_canary_${what}_total{namespace="a",outcome="${outcome}"}`;

/**
 * Deliveries a minute at the canary's defaults: two messages a second to 99 others. One in 10,000 is one a minute.
 */
const perMinute = 2 * 99 * 60;
const lostPerMinute = Math.floor(perMinute / 10_000);

export const canaryAlertCases: readonly AlertCase[] = [
  {
    // Minutes 4 to 8 lose one in 10,000.
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
    summary: 'acknowledged messages do not arrive, or come twice or out of order',
  },
  {
    // A fifth is late in minutes 61 to 70.
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
    summary: 'so many messages fail that the error budget of a month lasts for days only',
  },
  {
    // PostgreSQL is away in minutes 61 to 70: nothing is delivered, since nothing is acknowledged.
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
    summary: 'so many messages fail that the error budget of a month lasts for days only',
  },
  {
    // One in a hundred is late in minutes 61 to 120.
    alert: 'TeamTalkCanaryBudgetLow',
    series: {
      [counter('deliveries', 'delivered')]: '0+100x60 6099+99x59 12040+100x500',
      [counter('deliveries', 'late')]: '0x60 1+1x59 60x500',
    },
    quiet: 60,
    rings: 90,
    stops: 500,
    labels,
    summary: 'more messages fail than the error budget has for a month',
  },
  {
    alert: 'TeamTalkCanarySilent',
    series: { 'teamtalk_canary_users_online{namespace="a"}': '20x3 0x10 20x10' },
    quiet: 3,
    rings: 11,
    stops: 16,
    labels,
    summary: 'the canary does not write: nobody watches whether messages arrive',
  },
  {
    // It was deleted.
    alert: 'TeamTalkCanarySilent',
    series: { 'teamtalk_canary_users{namespace="a"}': '20x3 stale _x10 20x10' },
    quiet: 3,
    rings: 11,
    stops: 17,
    labels,
    summary: 'the canary does not write: nobody watches whether messages arrive',
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
    summary: 'the canary is not online at 2 msg_servers that it knows of',
  },
];
