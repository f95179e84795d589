import { waitUntil } from '@teamtalk/local-stack';
import { HistoryCheck } from '../history-check.js';
import { Measurement } from '../measurement.js';
import type { ReceiptMode } from '../message-frames.js';
import { MessageTraffic, type Participants } from '../message-traffic.js';
import type { LoadOptions } from '../options.js';
import type { Pool } from '../pool.js';
import type { LoadResult } from '../result.js';

export interface MessageOptions {
  /** messages a second of all senders */
  rate: number;
  /** bytes of a text */
  size: number;
  receipts: ReceiptMode;
  /** read everything back from history */
  verify: boolean;
}

/** The main figure comes first: in groups the deliveries, which are most of the work. */
function ratesOf(mode: 'p2p' | 'group', acked: number, delivered: number): Record<string, number> {
  return mode === 'p2p' ? { acked, delivered } : { delivered, acked };
}

/** Sends for the given time, waits for messages in flight, and reads the histories back. */
export async function runMessages(
  mode: 'p2p' | 'group',
  pool: Pool,
  participants: readonly Participants[],
  options: LoadOptions & MessageOptions,
): Promise<LoadResult> {
  const { rate, size, receipts, verify, seconds, warmup, drain, watch, say } = options;
  if (participants.length === 0) throw new Error('no conversation has all its members logged in');
  const traffic = new MessageTraffic({
    participants,
    rate,
    total: Math.ceil(rate * (warmup + seconds)),
    size,
    receipts,
    measurement: (latencies) => new Measurement(watch, seconds, latencies),
  });
  const { ledger, pacer, measurement } = traffic;
  pool.frames = traffic;
  const sending = pacer.run();
  measurement.begin(pacer.start, warmup);
  await sending;
  await waitUntil(() => ledger.isComplete && performance.now() >= measurement.to, {
    timeoutMs: drain * 1000,
    what: 'everything acknowledged and delivered',
  }).catch(() => say('some messages were not acknowledged or not delivered in time'));
  const measured = measurement.end();
  const result: LoadResult = {
    mode,
    wantedRate: rate,
    ...measured,
    rates: ratesOf(mode, traffic.ackedInTime / seconds, traffic.deliveredInTime / seconds),
    connections: pool.counts,
    messages: traffic.counts(),
  };
  if (verify) {
    say('reading the histories back');
    const check = new HistoryCheck(ledger);
    pool.frames = check;
    const checked = participants.map(({ conversation, connections }) => ({
      conversation,
      reader: connections[0]!,
    }));
    result.history = await check.check(checked);
  }
  return result;
}
