import { thresholds } from '@teamtalk/observer';
import { everyInstance, everyJob } from './installation.js';
import { type Dashboard, panel, percentiles, rate, redBelow, redFrom, stat, table } from './panel.js';

/** Shows at a glance whether everything is well. */
export const overview: Dashboard = {
  id: 'overview',
  title: 'TeamTalk: overview',
  panels: [
    stat(
      'msg_servers alive',
      'short',
      'msg_servers that login_server knows.',
      'max(teamtalk_login_server_msg_servers)',
      '',
      { steps: redBelow(1), alerts: ['TeamTalkNoMsgServer', 'TeamTalkServiceAbsent'] },
    ),
    stat(
      'PostgreSQL answers',
      'short',
      '1 if PostgreSQL answers every db_proxy_server.',
      'min(teamtalk_db_proxy_server_postgres_up)',
      '',
      { steps: redBelow(1), alerts: ['TeamTalkPostgresDown'] },
    ),
    stat(
      'Without NATS',
      'short',
      'Instances that have lost their connection to NATS.',
      `count(${everyInstance} == 0) or vector(0)`,
      '',
      { steps: redFrom(1), alerts: ['TeamTalkNatsDisconnected'] },
    ),
    stat(
      'Oldest undelivered batch',
      's',
      'Age of the oldest committed batch that is not confirmed. Above a few seconds receivers are waiting for messages.',
      'max(teamtalk_db_proxy_server_outbox_oldest_seconds)',
      '',
      { steps: redFrom(thresholds.outboxSeconds), alerts: ['TeamTalkOutboxStuck'] },
    ),
    table(
      'Services',
      'Instances that Prometheus reaches, and the highest value among the instances of each service.',
      {
        Instances: ['short', `count by (job) (up{${everyJob}} == 1)`],
        'Cores, most': [
          'percentunit',
          `max by (job) (rate(process_cpu_seconds_total{${everyJob}}[$__rate_interval]))`,
        ],
        'Memory, most': ['bytes', `max by (job) (process_resident_memory_bytes{${everyJob}})`],
        'Event loop lag, most': ['s', `max by (job) (nodejs_eventloop_lag_p99_seconds{${everyJob}})`],
      },
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
      'From receiving a message to the store’s result: what the sender waits for.',
      percentiles('teamtalk_msg_server_append_seconds'),
      '',
      { steps: redFrom(thresholds.acknowledgeSeconds), alerts: ['TeamTalkSlowAcknowledgements'] },
    ),
    panel(
      'Time to deliver',
      's',
      'From the sender’s PDU to the receiver’s socket. Between machines it is as exact as their clocks.',
      percentiles('teamtalk_msg_server_delivery_seconds'),
      '',
      { steps: redFrom(thresholds.deliverySeconds), alerts: ['TeamTalkSlowDelivery'] },
    ),
    panel(
      'Messages not acknowledged',
      'ops',
      'By reason. Clients show these as failed. Act on `unavailable`: the store does not respond.',
      rate('teamtalk_msg_server_messages_dropped_total', 'reason'),
      '{{reason}}',
      { alerts: ['TeamTalkMessagesRefused'] },
    ),
    panel(
      'Logins',
      'ops',
      'By how they ended.',
      rate('teamtalk_msg_server_logins_total', 'result'),
      '{{result}}',
      { alerts: ['TeamTalkLoginsRefused'] },
    ),
  ],
};
