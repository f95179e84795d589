import { type Dashboard, heatmap, panel, percentile, processPanels, rate, redFrom, table } from './panel.js';
import { thresholds } from './thresholds.js';

export const dbProxyServer: Dashboard = {
  id: 'db_proxy_server',
  title: 'TeamTalk: db_proxy_server',
  service: 'db_proxy_server',
  panels: [
    panel('Messages stored', 'ops', 'Messages committed, and refused by the checks.', {
      stored: rate('teamtalk_db_proxy_server_messages_stored_total'),
      refused: rate('teamtalk_db_proxy_server_messages_refused_total'),
    }),
    heatmap(
      'Time of a transaction',
      'Of the group commit. It is PostgreSQL’s and its disk’s time.',
      'teamtalk_db_proxy_server_commit_seconds',
    ),
    panel(
      'Messages in a transaction',
      'short',
      'The mean. It grows with the load: that is what keeps the cost of a message low.',
      'sum(rate(teamtalk_db_proxy_server_commit_batch_messages_sum[$__rate_interval])) / sum(rate(teamtalk_db_proxy_server_commit_batch_messages_count[$__rate_interval]))',
    ),
    panel('Queues', 'short', 'What waits for a transaction.', {
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
      'Sent to msg_servers directly, or by a route_server, by reason.',
      rate('teamtalk_db_proxy_server_batches_sent_total', 'way, reason'),
      '{{way}} {{reason}}',
    ),
    panel(
      'Outbox age',
      's',
      'Of the oldest of them, by instance.',
      'teamtalk_db_proxy_server_outbox_oldest_seconds',
      '{{instance}}',
      { steps: redFrom(thresholds.outboxSeconds), alerts: ['TeamTalkOutboxStuck'] },
    ),
    panel(
      'Batches sent again or reclaimed',
      'ops',
      'Batches that needed a second attempt, and those of a replica that died.',
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
      'By method: the caller’s certificate does not allow it.',
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
      'The primary or the replica; or the primary because the replica was behind, failed or away.',
      rate('teamtalk_db_proxy_server_history_reads_total', 'way'),
      '{{way}}',
    ),
    panel(
      'Replica for history',
      'short',
      '1 while it answers, by instance; 0 also without a HISTORY_DATABASE_URL.',
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
      'By result; those limited were not checked at all.',
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
      'By the rules of retention, once an hour; of people who are erased; and transactions that failed.',
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
