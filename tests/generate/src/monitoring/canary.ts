import { thresholds } from '@teamtalk/observer';
import { failures, faults } from './canary-queries.js';
import {
  type Dashboard,
  heatmap,
  lastHour,
  panel,
  percentiles,
  rate,
  redBelow,
  redFrom,
  stat,
} from './panel.js';

/** For the canary, whose accounts exchange messages across all msg_servers. */
export const canaryDashboard: Dashboard = {
  id: 'canary',
  title: 'TeamTalk: canary',
  service: 'canary',
  panels: [
    stat(
      'Lost, duplicated, reordered',
      'short',
      'Lost, duplicated and reordered deliveries of the last hour. The canary’s log names the msg_servers of each.',
      lastHour(faults),
      '',
      { steps: redFrom(1), alerts: ['TeamTalkCanaryLost'] },
    ),
    stat(
      'Failed in three days',
      'percentunit',
      `Share of all messages that were not acknowledged, and of all deliveries that were late, lost, duplicated or reordered. The budget of each is ${thresholds.canaryBudget * 100} %.`,
      { 'not acknowledged': failures('acknowledged', '3d'), 'not arrived': failures('arrived', '3d') },
      '',
      {
        steps: redFrom(thresholds.canaryBudget),
        alerts: ['TeamTalkCanaryBudgetBurning', 'TeamTalkCanaryBudgetLow'],
      },
    ),
    stat(
      'Accounts online',
      'short',
      'Below two no messages are sent.',
      { online: 'sum(teamtalk_canary_users_online)', 'in total': 'sum(teamtalk_canary_users)' },
      '',
      { steps: redBelow(2), alerts: ['TeamTalkCanarySilent'] },
    ),
    stat(
      'msg_servers not watched',
      'short',
      'Found by DNS, but without a canary account logged in there.',
      'sum(teamtalk_canary_servers - teamtalk_canary_servers_connected)',
      '',
      { steps: redFrom(1), alerts: ['TeamTalkCanaryServerUnwatched'] },
    ),
    panel(
      'Deliveries',
      'ops',
      'Outcome of each message at each receiver. `interrupted`: the receiver’s connection ended, as in a rolling update.',
      rate('teamtalk_canary_deliveries_total', 'outcome'),
      '{{outcome}}',
    ),
    panel(
      'Messages',
      'ops',
      'Outcome of each message at its sender.',
      rate('teamtalk_canary_messages_total', 'outcome'),
      '{{outcome}}',
    ),
    panel(
      'Time to acknowledge',
      's',
      'From writing a message to its acknowledgement, as a client sees it.',
      percentiles('teamtalk_canary_acknowledge_seconds'),
    ),
    panel(
      'Time to arrive',
      's',
      'From writing a message to its arrival, by the same clock. A delivery that takes CANARY_LATE_MS or longer is late.',
      percentiles('teamtalk_canary_delivery_seconds'),
    ),
    heatmap(
      'Spread of arrivals',
      'How long messages take to reach their receivers.',
      'teamtalk_canary_delivery_seconds',
    ),
  ],
};
