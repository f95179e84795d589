import { type Dashboard, panel, processPanels, rate } from './panel.js';

export const webServer: Dashboard = {
  id: 'web_server',
  title: 'TeamTalk: web_server',
  service: 'web_server',
  panels: [
    panel(
      'HTTP requests',
      'ops',
      'By route and status: `page` are the files of the web client, `config` is what each page requests when it starts.',
      rate('teamtalk_web_server_http_requests_total', 'route, status'),
      '{{route}} {{status}}',
    ),
    panel(
      'Refused',
      'ops',
      'Connections and requests that were not understood or too many.',
      rate('teamtalk_web_server_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('web_server'),
  ],
};
