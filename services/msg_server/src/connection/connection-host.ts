import type { Pdu } from '@teamtalk/protocol';
import type { Logger } from '@teamtalk/service-kit';
import type { MsgServerConfig } from '../config.js';
import type { CloseReason, MsgServerMetrics } from '../metrics.js';
import type { Connection } from './connection.js';
import type { OutboundQueue } from './outbound-queue.js';

/** What all connections share. */
export interface ConnectionHost {
  readonly limits: MsgServerConfig['limits'];
  readonly outbound: OutboundQueue;
  readonly metrics: MsgServerMetrics;
  readonly log: Logger;
  /** A coarse clock: counts the rounds of the sweep over all connections. */
  readonly tick: number;

  /**
   * Handles one PDU, or begins to.
   * @returns false when the connection has to wait first: the same PDU comes again at its next `advance`
   */
  handle(connection: Connection, pdu: Pdu): boolean;

  /** Called once for each connection, when it ends and before its state says so. */
  leaving(connection: Connection, reason: CloseReason): void;

  /** Called once for each connection, when its transport is closed. */
  closed(connection: Connection): void;
}
