import { type Dashboard, panel, percentiles, rate } from './panel.js';

const services =
  'login_server|msg_server|route_server|db_proxy_server|http_msg_server|push_server|file_server|msfs';

/** Shows at a glance whether everything is well. */
export const overview: Dashboard = {
  id: 'overview',
  title: 'TeamTalk: overview',
  panels: [
    panel(
      'Instances up',
      'short',
      'Instances of each service that Prometheus reaches.',
      'count by (job) (up == 1)',
      '{{job}}',
    ),
    panel('Connections', 'short', 'Logged-in connections, by class of client.', {
      PC: 'sum(teamtalk_msg_server_connections_pc)',
      mobile: 'sum(teamtalk_msg_server_connections_mobile)',
    }),
    panel('Messages', 'ops', 'Messages taken in, acknowledged to their senders, and written to receivers.', {
      taken: rate('teamtalk_msg_server_messages_total'),
      acknowledged: rate('teamtalk_msg_server_messages_acked_total'),
      delivered: rate('teamtalk_msg_server_messages_delivered_total'),
    }),
    panel(
      'Time to acknowledge',
      's',
      'From taking a message in to the store’s result: what the sender waits for.',
      percentiles('teamtalk_msg_server_append_seconds'),
    ),
    panel(
      'Time to deliver',
      's',
      'From the sender’s PDU to the receiver’s socket. Between machines it is as exact as their clocks.',
      percentiles('teamtalk_msg_server_delivery_seconds'),
    ),
    panel(
      'Messages not acknowledged',
      'ops',
      'By reason. Clients show these as failed; the store’s being away (unavailable) is the one to act on.',
      rate('teamtalk_msg_server_messages_dropped_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Logins',
      'ops',
      'By how they ended.',
      rate('teamtalk_msg_server_logins_total', 'result'),
      '{{result}}',
    ),
    panel(
      'Oldest undelivered batch',
      's',
      'Age of the oldest committed batch that is not confirmed. Above some seconds, receivers wait.',
      'max(teamtalk_db_proxy_server_outbox_oldest_seconds)',
    ),
    panel(
      'PostgreSQL answers',
      'short',
      '1 where a db_proxy_server’s PostgreSQL answers.',
      'min(teamtalk_db_proxy_server_postgres_up)',
    ),
    panel(
      'NATS is connected',
      'short',
      'Instances that have their connection to NATS.',
      `sum({__name__=~"teamtalk_(${services})_bus_connected"})`,
    ),
  ],
};
