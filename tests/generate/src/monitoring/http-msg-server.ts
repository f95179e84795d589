import { type Dashboard, heatmap, lastHour, panel, processPanels, rate, redFrom, stat } from './panel.js';

export const httpMsgServer: Dashboard = {
  id: 'http_msg_server',
  title: 'TeamTalk: http_msg_server',
  service: 'http_msg_server',
  panels: [
    panel(
      'Legacy calls',
      'ops',
      'By route and error_code.',
      rate('teamtalk_http_msg_server_http_requests_total', 'route, error_code'),
      '{{route}} {{error_code}}',
      { alerts: ['TeamTalkPushErrors'] },
    ),
    heatmap(
      'Time of a legacy call',
      'From its headers to its response.',
      'teamtalk_http_msg_server_http_request_seconds',
    ),
    stat(
      'Dead letters of webhooks',
      'short',
      'Events given up in the last hour, because their receiver had refused them for two hours.',
      lastHour('teamtalk_db_proxy_server_webhook_dead_letters_total'),
      '',
      { steps: redFrom(1), alerts: ['TeamTalkWebhookDeadLetters'] },
    ),
    panel(
      'Calls below /v1',
      'ops',
      'By operation and status.',
      rate('teamtalk_http_msg_server_v1_requests_total', 'operation, status'),
      '{{operation}} {{status}}',
    ),
    panel(
      'Posts to hooks',
      'ops',
      'By result. `none`: the token belongs to no hook.',
      rate('teamtalk_http_msg_server_hook_posts_total', 'hook, outcome'),
      '{{hook}} {{outcome}}',
    ),
    panel(
      'Requests for the discovery list',
      'ops',
      'By status. 503: the store has not answered since the start; 429: too many from one network.',
      rate('teamtalk_http_msg_server_discovery_requests_total', 'status'),
      '{{status}}',
    ),
    panel(
      'Discovery list not read',
      'ops',
      'Clients got the last known list.',
      rate('teamtalk_http_msg_server_discovery_failures_total'),
    ),
    panel(
      'Messages that wait for the store',
      'short',
      'When MAX_APPENDS are waiting, further ones get error 9.',
      'sum(teamtalk_http_msg_server_appends_pending)',
    ),
    panel(
      'Refused',
      'ops',
      'Connections and requests that were not understood.',
      rate('teamtalk_http_msg_server_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('http_msg_server'),
  ],
};
