import { type Dashboard, panel, processPanels, rate } from './panel.js';

export const routeServer: Dashboard = {
  id: 'route_server',
  title: 'TeamTalk: route_server',
  service: 'route_server',
  panels: [
    panel(
      'Users online',
      'short',
      'As each instance knows; all say the same.',
      'teamtalk_route_server_users',
      '{{instance}}',
    ),
    panel(
      'Sessions',
      'short',
      'Connections of users, as each instance knows.',
      'teamtalk_route_server_sessions',
      '{{instance}}',
    ),
    panel('Messages routed', 'ops', 'Messages, and how often one was given to a msg_server.', {
      messages: rate('teamtalk_route_server_messages_routed_total'),
      'to msg_servers': rate('teamtalk_route_server_deliveries_total'),
    }),
    panel(
      'msg_servers taken for dead',
      'ops',
      'Each is a msg_server whose clients had to come in again.',
      rate('teamtalk_route_server_msg_servers_lost_total'),
    ),
    panel(
      'Not taken in time',
      'ops',
      'Batches and group changes a msg_server did not take in time; they come again.',
      rate('teamtalk_route_server_node_unanswered_total'),
    ),
    ...processPanels('route_server'),
  ],
};
