import { type Handlers, pushApi, type pushes as service } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { clampToStorable } from '../database/ids.js';
import type { FinishedPush, PushJobRow } from './push-jobs.js';
import type { MailboxPosition } from './push-mailboxes.js';

const { PUSH_ACCEPTED, PUSH_RETRY, PUSH_DROPPED, PUSH_DEVICE_GONE } = pushApi.push.PushOutcome;

/** Most jobs claimed or finished by one call. */
const maxJobs = 1_000;
/** Longest time until a job is tried again, milliseconds. */
const maxRetryMs = 3_600_000;

const outcomes: Record<number, FinishedPush['outcome']> = {
  [PUSH_ACCEPTED]: 'accepted',
  [PUSH_RETRY]: 'retry',
  [PUSH_DROPPED]: 'dropped',
  [PUSH_DEVICE_GONE]: 'gone',
};

/** The gRPC service Pushes. */
export function pushRpc({
  kit,
  pushCredentials,
  pushJobs,
  pushMailboxes,
}: Context): Handlers<typeof service> {
  const settledJobs = kit.metrics.counter(
    'pushes_settled_total',
    'Push jobs that were not needed any more when they were due, by reason',
    ['reason'],
  );

  /** Finishes the jobs that need no push. @returns the others */
  async function settle(rows: readonly PushJobRow[]): Promise<PushJobRow[]> {
    const settled: FinishedPush[] = [];
    const open: PushJobRow[] = [];
    for (const row of rows) {
      const reason = row.settled ?? nothingNew(row);
      if (reason === undefined) {
        open.push(row);
        continue;
      }
      settledJobs.inc({ reason });
      const msgId = Math.max(row.wanted_id, row.msg_id ?? 0);
      const { job_id: jobId, attempts } = row;
      settled.push({ jobId, attempts, outcome: 'dropped', reason, msgId, ...nothingElse });
    }
    await pushJobs.finish(settled);
    return open;
  }

  return {
    /** Claims jobs that are due. Those that need no push are finished here. */
    async claim({ limit: wanted, holdMs, timeZone }) {
      await pushJobs.noteConsumer();
      const limit = Math.min(wanted, maxJobs);
      const rows = await pushJobs.claim(limit, holdMs, timeZone || 'UTC');
      return { pushes: (await settle(rows)).map(toPush), more: rows.length >= limit };
    },

    /** Records what became of claimed jobs. */
    async finish({ pushes }) {
      if (pushes.length > maxJobs) {
        throw new TeamTalkError('invalid-argument', `at most ${maxJobs} pushes can be finished at once`);
      }
      await pushJobs.finish(
        (pushes as pushApi.push.FinishedPush[]).map(
          ({ jobId, attempts, outcome, reason, msgId, retryMs, goneAt, unsure, badge, silent }) => ({
            jobId,
            // That of the version before says neither.
            attempts: attempts || null,
            outcome: outcomes[outcome] ?? 'dropped',
            reason,
            msgId: clampToStorable(msgId),
            retryMs: Math.min(retryMs, maxRetryMs),
            goneAt,
            unsure,
            badge: attempts === 0 ? null : clampToStorable(badge),
            silent,
          }),
        ),
      );
      return {};
    },

    /** Credentials of providers, encrypted. */
    async listCredentials() {
      return { credentials: await pushCredentials.all() };
    },

    /** Stores a message of the push service. */
    async keepMessage({ mailbox, topic, body, ttl }) {
      const kept = await pushMailboxes.keep({ mailbox, topic, body, ttl });
      return kept ? { id: kept.id, keptAt: kept.kept_at } : { gone: true };
    },

    /** Messages stored for phones. */
    async readMailboxes({ mailboxes }) {
      const { messages, more } = await pushMailboxes.read(mailboxes as MailboxPosition[]);
      return {
        messages: messages.map(({ kept_at: keptAt, ...message }) => ({ ...message, keptAt })),
        more,
      };
    },
  };
}

const nothingElse = { retryMs: 0, goneAt: 0, unsure: false, badge: 0, silent: false };

function nothingNew({ unread, msg_id, shown_id }: PushJobRow): string | undefined {
  // What the device shows is withdrawn.
  if (unread <= 0) return undefined;
  // It may have been read since the conversation was looked at.
  if (msg_id === null) return 'read';
  return msg_id <= shown_id ? 'shown' : undefined;
}

function toPush(row: PushJobRow): pushApi.push.Push.$Properties {
  return {
    jobId: row.job_id,
    userId: row.user_id,
    attempts: row.attempts,
    storedAt: row.stored_at,
    expiresAt: row.expires_at,
    badge: row.badge,
    deviceId: row.device_id,
    provider: row.provider,
    app: row.app,
    token: row.token,
    locale: row.locale,
    sessionType: row.is_group ? 2 : 1,
    sessionId: row.session_id,
    msgId: row.msg_id ?? 0,
    fromUserId: row.from_id ?? 0,
    msgType: row.type ?? 0,
    msgData: row.data ?? Buffer.alloc(0),
    fromName: row.from_name,
    groupName: row.group_name,
    unread: Math.max(0, row.unread),
  };
}
