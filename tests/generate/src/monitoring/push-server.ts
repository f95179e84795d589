import { type Dashboard, lastHour, panel, percentiles, processPanels, rate, redFrom, stat } from './panel.js';

// Shows 0 instead of nothing when there were no pushes.
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
      'Blocked providers',
      'short',
      'Providers that accept no pushes. Anything but 0 needs an administrator: usually a key was revoked.',
      'sum(max by (namespace, provider) (teamtalk_push_server_providers_blocked)) or vector(0)',
      '',
      { steps: redFrom(1), alerts: ['TeamTalkPushProviderBlocked'] },
    ),
    stat(
      'Permanently rejected',
      'short',
      'Pushes of the last hour that their provider will never accept.',
      lastHour('teamtalk_push_server_pushes_total{outcome="refused"}'),
      '',
      { steps: redFrom(1), alerts: ['TeamTalkPushDeadLetters'] },
    ),
    stat(
      'Stored credentials that cannot be used',
      'short',
      'Anything but 0 needs an administrator: PUSH_CREDENTIALS_KEY lacks their key, or the provider refuses them.',
      'sum(teamtalk_push_server_credentials_unusable)',
      '',
      { steps: redFrom(1) },
    ),
    panel(
      'Pushes',
      'ops',
      'By provider and outcome. `blocked` means that the provider accepts none, usually because of wrong credentials, `returned` that they were not sent and went back into the queue.',
      rate('teamtalk_push_server_pushes_total', 'provider, outcome'),
      '{{provider}} {{outcome}}',
    ),
    panel(
      'Stored until accepted',
      's',
      'From storing the first message of a push until its provider accepts it, PUSH_HOLD_MS included.',
      acceptedAfter,
    ),
    panel(
      'In flight',
      'short',
      'Pushes sent to a provider that has not answered yet.',
      'sum(teamtalk_push_server_pushes_in_flight)',
    ),
    panel(
      'Above the rate',
      'ops',
      'Pushes in excess of PUSH_RATE: they waited, or went back into the queue.',
      rate('teamtalk_push_server_pushes_over_rate_total', 'provider, outcome'),
      '{{provider}} {{outcome}}',
    ),
    panel(
      'No longer needed',
      'ops',
      'Pushes that db_proxy_server cancelled when they were due, by reason.',
      rate('teamtalk_db_proxy_server_pushes_settled_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Device tokens',
      'ops',
      'Tokens that clients sent, by provider and by whether they can be used.',
      rate('teamtalk_db_proxy_server_device_tokens_total', 'provider, usable'),
      '{{provider}} {{usable}}',
    ),
    panel(
      'Phones of the push service',
      'short',
      'Phones connected to the push service on the company’s own network. None without PUSH_SERVICE_URL.',
      'sum(teamtalk_push_server_phones_connected)',
    ),
    panel(
      'Messages for these phones',
      'ops',
      'By status: 201 stored, 404 for a phone that has not connected for a month, 503 while no db_proxy_server can store it.',
      rate('teamtalk_push_server_phone_messages_total', 'status'),
      '{{status}}',
    ),
    panel(
      'Sent to these phones',
      'ops',
      'Messages, and among them those that a phone had missed.',
      rate('teamtalk_push_server_phone_messages_sent_total'),
    ),
    panel(
      'Disconnected phones',
      'ops',
      '`silent` ones did not answer, `slow` ones did not read what was sent.',
      rate('teamtalk_push_server_phones_cut_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'These phones refused',
      'ops',
      'Too many subscriptions were read at a time, by all or from one address.',
      rate('teamtalk_push_server_readers_refused_total'),
    ),
    panel(
      'Requests to the push service',
      'ops',
      'By status; 101 is a phone that receives over WebSocket.',
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
