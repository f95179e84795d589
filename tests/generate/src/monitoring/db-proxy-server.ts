import { thresholds } from '@teamtalk/observer';
import { type Dashboard, heatmap, panel, percentile, processPanels, rate, redFrom, table } from './panel.js';

export const dbProxyServer: Dashboard = {
  id: 'db_proxy_server',
  title: 'TeamTalk: db_proxy_server',
  service: 'db_proxy_server',
  panels: [
    panel('Messages stored', 'ops', 'Messages committed, and messages that the checks refused.', {
      stored: rate('teamtalk_db_proxy_server_messages_stored_total'),
      refused: rate('teamtalk_db_proxy_server_messages_refused_total'),
    }),
    heatmap(
      'Time of a transaction',
      'Duration of a group commit, spent by PostgreSQL and its disk.',
      'teamtalk_db_proxy_server_commit_seconds',
    ),
    panel(
      'Messages in a transaction',
      'short',
      'The mean. It grows with the load: that is what keeps the cost of a message low.',
      'sum(rate(teamtalk_db_proxy_server_commit_batch_messages_sum[$__rate_interval])) / sum(rate(teamtalk_db_proxy_server_commit_batch_messages_count[$__rate_interval]))',
    ),
    panel('Queues', 'short', 'Messages that wait for a transaction.', {
      messages: 'sum(teamtalk_db_proxy_server_append_queue_messages)',
      'read positions': 'sum(teamtalk_db_proxy_server_read_queue_marks)',
    }),
    panel(
      'Outbox',
      'short',
      'Committed batches that are not confirmed.',
      'sum(teamtalk_db_proxy_server_outbox_in_flight_batches)',
    ),
    panel(
      'Batches sent, by way',
      'ops',
      'Sent to msg_servers directly, or through a route_server, by reason.',
      rate('teamtalk_db_proxy_server_batches_sent_total', 'way, reason'),
      '{{way}} {{reason}}',
    ),
    panel(
      'Outbox age',
      's',
      'Age of the oldest unconfirmed batch, by instance.',
      'teamtalk_db_proxy_server_outbox_oldest_seconds',
      '{{instance}}',
      { steps: redFrom(thresholds.outboxSeconds), alerts: ['TeamTalkOutboxStuck'] },
    ),
    panel(
      'Batches sent again or reclaimed',
      'ops',
      'Batches that needed a second attempt, and batches taken over from a replica that died.',
      {
        again: rate('teamtalk_db_proxy_server_outbox_retries_total'),
        swept: rate('teamtalk_db_proxy_server_outbox_swept_total'),
      },
    ),
    table('gRPC calls', 'By method and code.', {
      'A second': [
        'ops',
        'sum by (method, code) (rate(teamtalk_db_proxy_server_grpc_calls_total[$__rate_interval]))',
      ],
    }),
    panel(
      'gRPC calls refused',
      'ops',
      'Calls refused because the caller’s certificate does not allow the method, by method.',
      rate('teamtalk_db_proxy_server_grpc_refused_total', 'method'),
      '{{method}}',
      { alerts: ['TeamTalkPermissionMissing'] },
    ),
    panel(
      'gRPC time, 99 %',
      's',
      'By method.',
      percentile('teamtalk_db_proxy_server_grpc_call_seconds', 0.99, 'method'),
      '{{method}}',
    ),
    panel('Connections to PostgreSQL', 'short', 'Open ones, and callers that wait for one.', {
      open: 'sum(teamtalk_db_proxy_server_pool_connections)',
      waiting: 'sum(teamtalk_db_proxy_server_pool_waiting)',
    }),
    panel(
      'Reads of history, by who answered',
      'ops',
      'The replica or the primary. The primary also takes over when the replica is behind, fails or is unreachable.',
      rate('teamtalk_db_proxy_server_history_reads_total', 'way'),
      '{{way}}',
    ),
    panel(
      'Replica for history',
      'short',
      '1 while the replica answers, by instance; 0 otherwise, and without HISTORY_DATABASE_URL.',
      'teamtalk_db_proxy_server_history_replica_up',
      '{{instance}}',
    ),
    panel(
      'Statements that failed',
      'ops',
      'By error code.',
      rate('teamtalk_db_proxy_server_queries_failed_total', 'code'),
      '{{code}}',
    ),
    panel(
      'Logins',
      'ops',
      'By result. For `limited` ones the password was not checked.',
      rate('teamtalk_db_proxy_server_logins_total', 'result'),
      '{{result}}',
      { alerts: ['TeamTalkLoginsRefused'] },
    ),
    panel(
      'Password checks that wait',
      'short',
      'argon2 is slow on purpose; a queue here is a storm of first logins.',
      'sum(teamtalk_db_proxy_server_argon2_waiting)',
    ),
    panel(
      'Messages removed and erased',
      'ops',
      'Removed hourly by the retention rules, removed with erased users, and transactions that failed.',
      {
        removed: rate('teamtalk_db_proxy_server_retention_messages_removed_total'),
        erased: rate('teamtalk_db_proxy_server_erasure_messages_erased_total'),
        'removing failed': rate('teamtalk_db_proxy_server_retention_batches_failed_total'),
        'erasing failed': rate('teamtalk_db_proxy_server_erasure_batches_failed_total'),
      },
    ),
    ...processPanels('db_proxy_server'),
  ],
};
