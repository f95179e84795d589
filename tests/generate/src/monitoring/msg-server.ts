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
      'From taking a message in to the store’s result.',
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
      'By reason. A few are old clients; many are somebody’s attempt.',
      rate('teamtalk_msg_server_bad_pdus_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Bytes to clients',
      'Bps',
      'Bytes given to the sockets of clients.',
      rate('teamtalk_msg_server_sent_bytes_total'),
    ),
    panel(
      'Messages that wait for the store',
      'short',
      'Of each instance. At MAX_APPENDS sockets are read more slowly.',
      'teamtalk_msg_server_appends_in_flight',
      '{{instance}}',
    ),
    panel(
      'Connections that had to wait',
      'ops',
      'Times a socket was read more slowly, by reason.',
      rate('teamtalk_msg_server_connections_held_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Gaps',
      'ops',
      'Messages that were missing when a later one came, by what became of it. They are fetched from the store.',
      rate('teamtalk_msg_server_delivery_gaps_total', 'outcome'),
      '{{outcome}}',
    ),
    panel(
      'Requests that failed',
      'ops',
      'Requests of clients without an answer, because a service behind did not answer.',
      rate('teamtalk_msg_server_queries_failed_total'),
    ),
    ...processPanels('msg_server'),
  ],
};
