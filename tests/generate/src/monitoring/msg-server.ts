import { type Dashboard, heatmap, panel, percentile, processPanels, rate, table } from './panel.js';

export const msgServer: Dashboard = {
  id: 'msg_server',
  title: 'TeamTalk: msg_server',
  service: 'msg_server',
  panels: [
    panel(
      'Connections',
      'short',
      'Logged-in connections of each instance.',
      'teamtalk_msg_server_connections',
      '{{instance}}',
      { alerts: ['TeamTalkMsgServerNearlyFull'] },
    ),
    panel(
      'Open sockets',
      'short',
      'Connections of each instance, logged in or not.',
      'teamtalk_msg_server_sockets',
      '{{instance}}',
    ),
    panel(
      'Connections that ended',
      'ops',
      'By reason.',
      rate('teamtalk_msg_server_connections_closed_total', 'reason'),
      '{{reason}}',
    ),
    heatmap(
      'Time to acknowledge',
      'From receiving a message to the store’s result.',
      'teamtalk_msg_server_append_seconds',
      { alerts: ['TeamTalkSlowAcknowledgements'] },
    ),
    heatmap(
      'Time to deliver',
      'From the sender’s PDU to the receiver’s socket.',
      'teamtalk_msg_server_delivery_seconds',
      { alerts: ['TeamTalkSlowDelivery'] },
    ),
    table('PDUs received', 'By command.', {
      'A second': [
        'ops',
        'sum by (command) (rate(teamtalk_msg_server_pdus_received_total[$__rate_interval]))',
      ],
      'Time of a request, 99 %': ['s', percentile('teamtalk_msg_server_query_seconds', 0.99, 'command')],
    }),
    panel(
      'PDUs not understood',
      'ops',
      'By reason. A few come from old clients; many suggest an attack.',
      rate('teamtalk_msg_server_bad_pdus_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Bytes to clients',
      'Bps',
      'Bytes written to clients’ sockets.',
      rate('teamtalk_msg_server_sent_bytes_total'),
    ),
    panel(
      'Messages that wait for the store',
      'short',
      'Of each instance. At MAX_APPENDS sockets are throttled.',
      'teamtalk_msg_server_appends_in_flight',
      '{{instance}}',
    ),
    panel(
      'Throttled connections',
      'ops',
      'How often a socket was throttled, by reason.',
      rate('teamtalk_msg_server_connections_held_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Gaps',
      'ops',
      'Messages missing when a later one arrived, by outcome. They are fetched from the store.',
      rate('teamtalk_msg_server_delivery_gaps_total', 'outcome'),
      '{{outcome}}',
    ),
    panel(
      'Requests that failed',
      'ops',
      'Client requests that got no answer because another service did not respond.',
      rate('teamtalk_msg_server_queries_failed_total'),
    ),
    ...processPanels('msg_server'),
  ],
};
