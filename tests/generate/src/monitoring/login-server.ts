import { type Dashboard, panel, processPanels, rate, redBelow, stat } from './panel.js';

export const loginServer: Dashboard = {
  id: 'login_server',
  title: 'TeamTalk: login_server',
  service: 'login_server',
  panels: [
    stat(
      'msg_servers alive',
      'short',
      'msg_servers that each login_server knows.',
      'teamtalk_login_server_msg_servers',
      '{{instance}}',
      { steps: redBelow(1), alerts: ['TeamTalkNoMsgServer'] },
    ),
    panel(
      'Clients that asked for a msg_server',
      'ops',
      'By answer. `none` and `full` mean that clients cannot connect.',
      rate('teamtalk_login_server_msg_server_answers_total', 'result'),
      '{{result}}',
    ),
    panel(
      'HTTP requests',
      'ops',
      'By route and status.',
      rate('teamtalk_login_server_http_requests_total', 'route, status'),
      '{{route}} {{status}}',
    ),
    panel(
      'Refused',
      'ops',
      'Connections and requests that were not understood or too many.',
      rate('teamtalk_login_server_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('login_server'),
  ],
};
