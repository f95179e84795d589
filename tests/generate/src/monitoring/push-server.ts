import { type Dashboard, lastHour, panel, percentiles, processPanels, rate, redFrom, stat } from './panel.js';

// Without a push there is none; 0 then.
const acceptedAfter = Object.fromEntries(
  Object.entries(percentiles('teamtalk_push_server_push_seconds')).map(([name, query]) => [
    name,
    `${query} >= 0 or vector(0)`,
  ]),
);

export const pushServer: Dashboard = {
  id: 'push_server',
  title: 'TeamTalk: push_server',
  service: 'push_server',
  panels: [
    stat(
      'Providers that accept nothing',
      'short',
      'Anything but 0 needs a person: mostly a key that has been revoked.',
      'sum(teamtalk_push_server_providers_blocked)',
      '',
      { steps: redFrom(1), alerts: ['TeamTalkPushProviderBlocked'] },
    ),
    stat(
      'Refused for good',
      'short',
      'Pushes of the last hour that their provider will never accept.',
      lastHour('teamtalk_push_server_pushes_total{outcome="refused"}'),
      '',
      { steps: redFrom(1), alerts: ['TeamTalkPushDeadLetters'] },
    ),
    stat(
      'Stored credentials that cannot be used',
      'short',
      'Anything but 0 needs a person: PUSH_CREDENTIALS_KEY lacks their key, or they are refused.',
      'sum(teamtalk_push_server_credentials_unusable)',
      '',
      { steps: redFrom(1) },
    ),
    panel(
      'Pushes',
      'ops',
      'By provider and what it said to them. `blocked` means that it accepts none, mostly for wrong credentials.',
      rate('teamtalk_push_server_pushes_total', 'provider, outcome'),
      '{{provider}} {{outcome}}',
    ),
    panel(
      'Stored until accepted',
      's',
      'From the first message of a push being stored until its provider has it, PUSH_HOLD_MS included.',
      acceptedAfter,
    ),
    panel('In flight', 'short', 'Pushes given to providers.', 'sum(teamtalk_push_server_pushes_in_flight)'),
    panel(
      'Above the rate',
      'ops',
      'Pushes that were more than PUSH_RATE allows: they waited, or went back into the queue.',
      rate('teamtalk_push_server_pushes_over_rate_total', 'provider, outcome'),
      '{{provider}} {{outcome}}',
    ),
    panel(
      'Not needed any more',
      'ops',
      'Pushes that db_proxy_server settled when they were due, by reason.',
      rate('teamtalk_db_proxy_server_pushes_settled_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Device tokens',
      'ops',
      'Tokens that clients sent, by provider, and whether push can use them.',
      rate('teamtalk_db_proxy_server_device_tokens_total', 'provider, usable'),
      '{{provider}} {{usable}}',
    ),
    panel(
      'Phones of the push service',
      'short',
      'Phones that are connected to the push service on the company’s own network. Without PUSH_SERVICE_URL there is none.',
      'sum(teamtalk_push_server_phones_connected)',
    ),
    panel(
      'Messages for these phones',
      'ops',
      'By the answer: 201 is kept, 404 for a phone that has not come for a month, 503 while no db_proxy_server keeps it.',
      rate('teamtalk_push_server_phone_messages_total', 'status'),
      '{{status}}',
    ),
    panel(
      'Written to these phones',
      'ops',
      'Messages, those among them that a phone had missed.',
      rate('teamtalk_push_server_phone_messages_sent_total'),
    ),
    panel(
      'These phones cut off',
      'ops',
      '`silent` ones did not answer, `slow` ones did not read what came.',
      rate('teamtalk_push_server_phones_cut_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Requests to the push service',
      'ops',
      'By status; 101 is a phone that reads by WebSocket.',
      rate('teamtalk_push_server_http_requests_total', 'status'),
      '{{status}}',
    ),
    panel(
      'Refused by the push service',
      'ops',
      'Connections and requests that were not understood or too many.',
      rate('teamtalk_push_server_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('push_server'),
  ],
};
