import { type ListenerMetrics, listenerMetrics } from '@teamtalk/net';
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
  /** it sent too much before its login was accepted */
  | 'before_login'
  | 'not_logged_in'
  /** its login was refused */
  | 'refused'
  /** the user’s credentials were changed, or the user has left */
  | 'logged_out'
  /** the transfer has ended, successfully or not */
  | 'done'
  | 'cancelled'
  | 'rejected'
  | 'expired'
  /** the other side of an online transfer did not reconnect */
  | 'peer_gone'
  /** the same user has reconnected for the same side of the transfer */
  | 'replaced'
  /** the upload continues at another file_server, or has ended */
  | 'overtaken'
  | 'quota'
  | 'storage'
  /** a PDU its role must not send, or that is not expected now */
  | 'wrong_task'
  | 'wrong_role'
  | 'bad_pull'
  | 'too_many_pulls'
  | 'bad_data'
  | 'read_failed';

/** The result of a login. */
export type LoginOutcome =
  | 'ok'
  | 'unknown_task'
  | 'wrong_user'
  | 'wrong_role'
  | 'no_session'
  | 'other_address'
  | 'unavailable';

type Way = 'online' | 'upload' | 'download';

export interface FileServerMetrics extends ListenerMetrics {
  readonly closed: CounterBy<'reason', CloseReason>;
  readonly received: { inc(): void };
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
    ...listenerMetrics(metrics),
    closed: metrics.counter('connections_closed_total', 'Connections ended, by reason', ['reason']),
    received: metrics.counter('pdus_received_total', 'PDUs received from clients'),
    badPdus: metrics.counter('bad_pdus_total', 'Unknown or malformed PDUs'),
    logins: metrics.counter('logins_total', 'Logins, by result', ['result']),
    otherAddress: metrics.counter(
      'login_other_address_total',
      'Logins from an IP address other than those of the user’s sessions on msg_servers; LOGIN_CHECK=address refuses them',
    ),
    finished: metrics.counter('transfers_finished_total', 'Finished transfers, by kind', ['way']),
    bytes: metrics.counter('transferred_bytes_total', 'Bytes of files transferred, by kind of transfer', [
      'way',
    ]),
    resumed: metrics.counter('uploads_resumed_total', 'Interrupted uploads that were resumed'),
    damaged: metrics.counter('parts_damaged_total', 'Stored parts found missing or corrupt'),
    expired: metrics.counter('tasks_removed_total', 'Ended tasks deleted with their stored parts'),
    sweepsFailed: metrics.counter('sweeps_failed_total', 'Failed sweeps of expired tasks'),
    announced: metrics.counter(
      'uploads_announced_total',
      'Complete uploads announced to the receiver by this file_server, in place of the sender’s msg_server',
    ),
    announcementsFailed: metrics.counter(
      'announcements_failed_total',
      'Failed searches for complete uploads to announce',
    ),
  };
}
