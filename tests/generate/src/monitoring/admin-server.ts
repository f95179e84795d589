import { type Dashboard, heatmap, panel, processPanels, rate } from './panel.js';

export const adminServer: Dashboard = {
  id: 'admin_server',
  title: 'TeamTalk: admin_server',
  service: 'admin_server',
  panels: [
    panel(
      'Calls from the console',
      'ops',
      'By operation and status.',
      rate('teamtalk_admin_server_requests_total', 'operation, status'),
      '{{operation}} {{status}}',
    ),
    heatmap('Time of a call', 'From its headers to its response.', 'teamtalk_admin_server_request_seconds'),
    panel(
      'Logins at the console',
      'ops',
      'By result.',
      rate('teamtalk_db_proxy_server_console_logins_total', 'result'),
      '{{result}}',
    ),
    panel(
      'Sign-ons',
      'ops',
      'By result. Logins begun but neither done nor failed were abandoned; `unavailable` means that the provider did not answer.',
      rate('teamtalk_admin_server_sign_ons_total', 'result'),
      '{{result}}',
    ),
    panel(
      'Not permitted',
      'ops',
      'Calls that db_proxy_server refused because the account’s role does not allow them. admin_server should refuse them first.',
      rate('teamtalk_db_proxy_server_console_refused_total', 'method'),
      '{{method}}',
    ),
    panel(
      'Refused',
      'ops',
      'Connections and requests that were not understood.',
      rate('teamtalk_admin_server_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('admin_server'),
  ],
};
