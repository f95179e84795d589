import { type EntranceMetrics, entranceMetrics } from '@teamtalk/net';
import type { Metrics } from '@teamtalk/service-kit';

interface CounterBy<Label extends string, Value extends string> {
  inc(labels: Record<Label, Value>, value?: number): void;
}

/** Why a client's connection ended. */
export type CloseReason =
  /** the client closed it */
  | 'peer'
  | 'lost'
  | 'draining'
  | 'timeout'
  | 'stalled'
  | 'idle'
  | 'not_reading'
  | 'framing'
  | 'bad_pdus'
  | 'failed'
  | 'not_logged_in'
  /** its login was refused */
  | 'refused'
  /** the transfer is over, well or not */
  | 'done'
  | 'cancelled'
  | 'rejected'
  | 'expired'
  /** the other side of an online transfer has not come back */
  | 'peer_gone'
  /** the same user has come again for the same side of the transfer */
  | 'replaced'
  /** the upload goes on at another file_server, or was ended */
  | 'overtaken'
  | 'storage'
  /** what its role has no right to, or what the dialogue does not have */
  | 'wrong_task'
  | 'wrong_role'
  | 'bad_pull'
  | 'too_many_pulls'
  | 'bad_data'
  | 'read_failed';

/** How a login ended. */
export type LoginOutcome =
  | 'ok'
  | 'unknown_task'
  | 'wrong_user'
  | 'wrong_role'
  | 'no_session'
  | 'other_address'
  | 'unavailable';

type Way = 'online' | 'upload' | 'download';

export interface FileServerMetrics extends EntranceMetrics {
  readonly closed: CounterBy<'reason', CloseReason>;
  readonly badPdus: { inc(): void };
  readonly logins: CounterBy<'result', LoginOutcome>;
  readonly otherAddress: { inc(): void };
  readonly finished: CounterBy<'way', Way>;
  readonly bytes: CounterBy<'way', Way>;
  readonly resumed: { inc(): void };
  readonly damaged: { inc(): void };
  readonly expired: { inc(labels: object, value: number): void };
  readonly sweepsFailed: { inc(): void };
  readonly announced: { inc(labels: object, value: number): void };
  readonly announcementsFailed: { inc(): void };
}

export function fileServerMetrics(metrics: Metrics): FileServerMetrics {
  return {
    ...entranceMetrics(metrics),
    closed: metrics.counter('connections_closed_total', 'Connections ended, by reason', ['reason']),
    badPdus: metrics.counter('bad_pdus_total', 'PDUs that are unknown or do not parse'),
    logins: metrics.counter('logins_total', 'Logins by how they ended', ['result']),
    otherAddress: metrics.counter(
      'login_other_address_total',
      'Logins from another IP address than any of the user’s sessions on msg_servers; LOGIN_CHECK=address refuses them',
    ),
    finished: metrics.counter('transfers_finished_total', 'Transfers that came to their end', ['way']),
    bytes: metrics.counter('transferred_bytes_total', 'Bytes of files that were carried', ['way']),
    resumed: metrics.counter('uploads_resumed_total', 'Uploads that went on where they had broken off'),
    damaged: metrics.counter('parts_damaged_total', 'Stored parts that are gone or not what was stored'),
    expired: metrics.counter(
      'tasks_removed_total',
      'Tasks removed after their end, with what was stored of them',
    ),
    sweepsFailed: metrics.counter('sweeps_failed_total', 'Looks for tasks whose time is over that failed'),
    announced: metrics.counter(
      'uploads_announced_total',
      'Complete uploads of which this file_server told the receiver, in place of the sender’s msg_server',
    ),
    announcementsFailed: metrics.counter(
      'announcements_failed_total',
      'Looks for uploads that their receivers have to be told of that failed',
    ),
  };
}
