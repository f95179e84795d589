import { type Dashboard, panel, processPanels, rate } from './panel.js';

export const routeServer: Dashboard = {
  id: 'route_server',
  title: 'TeamTalk: route_server',
  service: 'route_server',
  panels: [
    panel(
      'Users online',
      'short',
      'As each instance counts them; all should agree.',
      'teamtalk_route_server_users',
      '{{instance}}',
    ),
    panel(
      'Sessions',
      'short',
      'Connections of users, as each instance counts them.',
      'teamtalk_route_server_sessions',
      '{{instance}}',
    ),
    panel('Messages routed', 'ops', 'Messages, and how often one was sent to a msg_server.', {
      messages: rate('teamtalk_route_server_messages_routed_total'),
      'to msg_servers': rate('teamtalk_route_server_deliveries_total'),
    }),
    panel(
      'Evicted msg_servers',
      'ops',
      'The clients of an evicted msg_server have to log in again.',
      rate('teamtalk_route_server_msg_servers_lost_total'),
    ),
    panel(
      'Not confirmed in time',
      'ops',
      'Batches and group changes that a msg_server did not confirm in time; they are sent again.',
      rate('teamtalk_route_server_node_unanswered_total'),
    ),
    ...processPanels('route_server'),
  ],
};
