import { isTraced, messageSpan, type SpanIds, type Tracing } from '@teamtalk/service-kit';
import type { BatchPlan, PlannedMessage } from '../batch-plan.js';
import type { Entry } from '../entry.js';
import type { AppendRow } from './append-statement.js';

/** Most messages linked from a commit's span. */
const maxLinks = 100;

/**
 * Records the spans of a committed batch: one for each traced message, in the message's trace, from its arrival on, and
 * if there are any, one for the commit in a trace of its own.
 * @param begun performance.now() when the transaction began
 */
export function recordCommit(tracing: Tracing, plan: BatchPlan, row: AppendRow, begun: number): void {
  const traced = plan.messages.filter(({ entry, part }) => {
    return (
      isTraced(entry.originInstance, entry.originRequestId) && typeof row.bases?.[part.index] === 'number'
    );
  });
  if (traced.length === 0) return;
  const end = performance.now();
  const commit = tracing.record({
    name: 'commit batch',
    kind: 'internal',
    begin: begun,
    end,
    attributes: { 'teamtalk.batch.messages': plan.messages.length, 'teamtalk.batch.traced': traced.length },
    links: traced.slice(0, maxLinks).map(({ entry }) => spanOf(entry)),
  });
  for (const message of traced) recordStored(tracing, message, { plan, row, begun, end, commit });
}

function recordStored(
  tracing: Tracing,
  { entry, part, rank }: PlannedMessage,
  { plan, row, begun, end, commit }: CommittedBatch,
): void {
  const begin = entry.arrived;
  tracing.record({
    ...storeSpan(entry, begin, end),
    attributes: {
      'teamtalk.msg_id': (row.bases?.[part.index] ?? 0) + rank,
      'teamtalk.outbox_id': row.outbox_id ?? '',
      'teamtalk.batch.messages': plan.messages.length,
      'teamtalk.queued_ms': Math.max(0, Math.round(begun - begin)),
      'teamtalk.retry': entry.retry,
    },
    links: [commit],
  });
}

interface CommittedBatch {
  plan: BatchPlan;
  row: AppendRow;
  begun: number;
  end: number;
  commit: SpanIds;
}

/** Records the span of a message that was not stored. */
export function recordRefused(tracing: Tracing, entry: Entry, reason: string): void {
  if (!isTraced(entry.originInstance, entry.originRequestId)) return;
  tracing.record({ ...storeSpan(entry, entry.arrived, performance.now()), error: reason });
}

function storeSpan(entry: Entry, begin: number, end: number) {
  return {
    name: 'store message',
    kind: 'server',
    ids: spanOf(entry),
    parent: messageSpan(entry.originInstance, entry.originRequestId, 'send'),
    begin,
    end,
  } as const;
}

function spanOf({ originInstance, originRequestId }: Entry): SpanIds {
  return messageSpan(originInstance, originRequestId, 'store');
}
