import { type Dashboard, panel, percentile, percentiles, processPanels, rate } from './panel.js';

const loginServer: Dashboard = {
  id: 'login_server',
  title: 'TeamTalk: login_server',
  panels: [
    panel(
      'msg_servers alive',
      'short',
      'msg_servers each login_server knows of.',
      'teamtalk_login_server_msg_servers',
      '{{instance}}',
    ),
    panel(
      'Clients that asked',
      'ops',
      'By what they were told. `none` and `full` mean that people cannot come in.',
      rate('teamtalk_login_server_msg_server_answers_total', 'result'),
      '{{result}}',
    ),
    panel(
      'HTTP requests',
      'ops',
      'By route and status.',
      rate('teamtalk_login_server_http_requests_total', 'route, status'),
      '{{route}} {{status}}',
    ),
    panel(
      'Refused',
      'ops',
      'Connections and requests that were not understood or too many.',
      rate('teamtalk_login_server_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('login_server'),
  ],
};

const msgServer: Dashboard = {
  id: 'msg_server',
  title: 'TeamTalk: msg_server',
  panels: [
    panel(
      'Connections',
      'short',
      'Logged-in connections of each instance.',
      'teamtalk_msg_server_connections',
      '{{instance}}',
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
    panel(
      'PDUs received',
      'ops',
      'By command.',
      rate('teamtalk_msg_server_pdus_received_total', 'command'),
      '{{command}}',
    ),
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

const routeServer: Dashboard = {
  id: 'route_server',
  title: 'TeamTalk: route_server',
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

const dbProxyServer: Dashboard = {
  id: 'db_proxy_server',
  title: 'TeamTalk: db_proxy_server',
  panels: [
    panel('Messages stored', 'ops', 'Messages committed, and refused by the checks.', {
      stored: rate('teamtalk_db_proxy_server_messages_stored_total'),
      refused: rate('teamtalk_db_proxy_server_messages_refused_total'),
    }),
    panel(
      'Time of a transaction',
      's',
      'Of the group commit. It is PostgreSQL’s and its disk’s time.',
      percentiles('teamtalk_db_proxy_server_commit_seconds'),
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
    panel(
      'gRPC calls',
      'ops',
      'By method and code.',
      rate('teamtalk_db_proxy_server_grpc_calls_total', 'method, code'),
      '{{method}} {{code}}',
    ),
    panel(
      'gRPC calls refused',
      'ops',
      'By method: the caller’s certificate does not allow it.',
      rate('teamtalk_db_proxy_server_grpc_refused_total', 'method'),
      '{{method}}',
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
    ),
    panel(
      'Password checks that wait',
      'short',
      'argon2 is slow on purpose; a queue here is a storm of first logins.',
      'sum(teamtalk_db_proxy_server_argon2_waiting)',
    ),
    ...processPanels('db_proxy_server'),
  ],
};

const httpMsgServer: Dashboard = {
  id: 'http_msg_server',
  title: 'TeamTalk: http_msg_server',
  panels: [
    panel(
      'Legacy calls',
      'ops',
      'By route and error_code.',
      rate('teamtalk_http_msg_server_http_requests_total', 'route, error_code'),
      '{{route}} {{error_code}}',
    ),
    panel(
      'Time of a legacy call',
      's',
      'From its headers to its answer.',
      percentiles('teamtalk_http_msg_server_http_request_seconds'),
    ),
    panel(
      'Calls below /v1',
      'ops',
      'By operation and status.',
      rate('teamtalk_http_msg_server_v1_requests_total', 'operation, status'),
      '{{operation}} {{status}}',
    ),
    panel(
      'Messages that wait for the store',
      'short',
      'At MAX_APPENDS further ones are answered with error 9.',
      'sum(teamtalk_http_msg_server_appends_pending)',
    ),
    panel(
      'Refused',
      'ops',
      'Connections and requests that were not understood.',
      rate('teamtalk_http_msg_server_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('http_msg_server'),
  ],
};

// Without a push there is none; 0 then.
const acceptedAfter = Object.fromEntries(
  Object.entries(percentiles('teamtalk_push_server_push_seconds')).map(([name, query]) => [
    name,
    `${query} >= 0 or vector(0)`,
  ]),
);

const pushServer: Dashboard = {
  id: 'push_server',
  title: 'TeamTalk: push_server',
  panels: [
    panel(
      'Pushes',
      'ops',
      'By provider and what it said to them. `blocked` means that it accepts none, mostly for wrong credentials.',
      rate('teamtalk_push_server_pushes_total', 'provider, outcome'),
      '{{provider}} {{outcome}}',
    ),
    panel(
      'Stored until accepted',
      's',
      'From the first message of a push being stored until its provider has it, PUSH_HOLD_MS included.',
      acceptedAfter,
    ),
    panel('In flight', 'short', 'Pushes given to providers.', 'sum(teamtalk_push_server_pushes_in_flight)'),
    panel(
      'Providers that accept nothing',
      'short',
      'Anything but 0 needs a person: mostly a key that has been revoked.',
      'sum(teamtalk_push_server_providers_blocked)',
    ),
    panel(
      'Not needed any more',
      'ops',
      'Pushes that db_proxy_server settled when they were due, by reason.',
      rate('teamtalk_db_proxy_server_pushes_settled_total', 'reason'),
      '{{reason}}',
    ),
    panel(
      'Device tokens',
      'ops',
      'Tokens that clients sent, by provider, and whether push can use them.',
      rate('teamtalk_db_proxy_server_device_tokens_total', 'provider, usable'),
      '{{provider}} {{usable}}',
    ),
    ...processPanels('push_server'),
  ],
};

const fileServer: Dashboard = {
  id: 'file_server',
  title: 'TeamTalk: file_server',
  panels: [
    panel(
      'Connections',
      'short',
      'Open connections of each instance.',
      'teamtalk_file_server_connections',
      '{{instance}}',
    ),
    panel(
      'Online transfers',
      'short',
      'Transfers somebody is connected for.',
      'sum(teamtalk_file_server_relays)',
    ),
    panel(
      'Bytes of files',
      'Bps',
      'Bytes of files that were carried.',
      rate('teamtalk_file_server_transferred_bytes_total'),
    ),
    panel('Transfers that ended', 'ops', 'By how.', rate('teamtalk_file_server_transfers_finished_total')),
    panel('PDUs', 'ops', 'What clients send, and what of it is not understood.', {
      received: rate('teamtalk_file_server_pdus_received_total'),
      'not understood': rate('teamtalk_file_server_bad_pdus_total'),
    }),
    panel(
      'Logins',
      'ops',
      'By how they ended.',
      rate('teamtalk_file_server_logins_total', 'result'),
      '{{result}}',
    ),
    panel(
      'Damaged parts',
      'ops',
      'Stored parts that are gone or not what was stored. Anything but 0 is the storage’s fault.',
      rate('teamtalk_file_server_parts_damaged_total'),
    ),
    panel(
      'Storage time, 99 %',
      's',
      'By operation.',
      percentile('teamtalk_file_server_storage_seconds', 0.99, 'operation'),
      '{{operation}}',
    ),
    ...processPanels('file_server'),
  ],
};

const msfs: Dashboard = {
  id: 'msfs',
  title: 'TeamTalk: msfs',
  panels: [
    panel(
      'HTTP requests',
      'ops',
      'By route and status.',
      rate('teamtalk_msfs_http_requests_total', 'route, status'),
      '{{route}} {{status}}',
    ),
    panel(
      'Time of a request',
      's',
      'From its headers to the end.',
      percentiles('teamtalk_msfs_http_request_seconds'),
    ),
    panel('Image traffic', 'Bps', 'Bytes of answers, and of uploads.', {
      sent: rate('teamtalk_msfs_http_sent_bytes_total'),
      received: rate('teamtalk_msfs_http_received_bytes_total'),
    }),
    panel(
      'Uploads in progress',
      'short',
      'At the maximum further ones are refused.',
      'sum(teamtalk_msfs_uploads_in_progress)',
    ),
    panel(
      'Bytes stored and read',
      'Bps',
      'Content that went into the store (put) and came out of it (get).',
      rate('teamtalk_msfs_storage_bytes_total', 'operation'),
      '{{operation}}',
    ),
    panel(
      'Thumbnails that wait',
      'short',
      'Thumbnails that wait to be made.',
      'sum(teamtalk_msfs_thumbnails_waiting)',
    ),
    panel(
      'Storage time, 99 %',
      's',
      'By operation.',
      percentile('teamtalk_msfs_storage_seconds', 0.99, 'operation'),
      '{{operation}}',
    ),
    panel(
      'Refused',
      'ops',
      'Connections above the maximum, and requests that were not understood or came too slowly.',
      rate('teamtalk_msfs_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('msfs'),
  ],
};

/** One dashboard a service, in the order a client meets them. */
export const serviceDashboards: readonly Dashboard[] = [
  loginServer,
  msgServer,
  routeServer,
  dbProxyServer,
  httpMsgServer,
  pushServer,
  fileServer,
  msfs,
];
