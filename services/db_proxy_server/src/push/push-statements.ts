import { MsgType } from '@teamtalk/protocol';
import type { Statement } from '../database/database.js';
import { userHasLeft } from '../entities/index.js';

/** Most bytes of a message's data in a claimed job; a longer one is pushed without its text. */
const maxDataBytes = 65_536;
const logDays = 7;

export const seen: Statement = {
  name: 'push_consumer_seen',
  text: `
    INSERT INTO push_consumer (seen_at) VALUES (now())
    ON CONFLICT (singleton) DO UPDATE SET seen_at = now()`,
};

export const waiting: Statement = {
  name: 'push_waiting',
  // In order, so that an index is used however many there are, or have been.
  text: `
    SELECT coalesce((SELECT marked_at FROM push_mark ORDER BY marked_at LIMIT 1)
        <= clock_timestamp() - $1::float8 * interval '1 ms', false) AS stored,
      (SELECT marked_at FROM push_read ORDER BY marked_at LIMIT 1) IS NOT NULL AS read,
      (SELECT id FROM push_muted ORDER BY id LIMIT 1) IS NOT NULL AS muted,
      (SELECT due_at FROM push_job WHERE due_at <= now() ORDER BY due_at LIMIT 1) IS NOT NULL AS due`,
};

/** A push_server gives a provider 5 s. */
const lease = `interval '8 seconds'`;

export const claimMarks: Statement = {
  name: 'push_claim_marks',
  text: `SELECT marks AS taken, claimed FROM claim_push_marks($1, $2, $3, ${lease}, $4)`,
};

export const takeReads: Statement = {
  name: 'push_take_reads',
  text: 'SELECT reads AS taken, t_conv AS convs, t_user AS users FROM take_read_marks($1)',
};

export const setBadges: Statement = {
  name: 'push_badges',
  text: 'SELECT push_badges($1::int8[], $2::int4[])',
};

export const claim: Statement = {
  name: 'push_claim',
  text: `
    UPDATE push_job j SET due_at = now() + ${lease}, attempts = attempts + 1,
      claimed = true, unsure = unsure OR claimed,
      tried_id = CASE WHEN (unsure OR claimed) AND tried_id > 0 THEN tried_id ELSE msg_id END
    WHERE j.ctid = ANY (ARRAY(
      SELECT ctid FROM push_job WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING j.id::text AS id`,
};

export const facts: Statement = {
  name: 'push_facts',
  text: `
    SELECT f.*, m.id AS msg_id, m.from_id, m.type,
      CASE WHEN m.type NOT IN (${MsgType.SINGLE_AUDIO}, ${MsgType.GROUP_AUDIO}) AND octet_length(m.data) <= ${maxDataBytes}
        THEN m.data END AS data,
      coalesce(nullif(s.nick_name, ''), s.name, '') AS from_name,
      b.badge::float8 AS badge
    FROM (
      SELECT j.id::float8 AS job_id, j.device_id::float8 AS device_id, j.user_id, j.conv, j.attempts,
        j.msg_id AS wanted_id, j.shown_id, extract(epoch FROM j.marked_at)::float8 * 1000 AS stored_at,
        extract(epoch FROM j.expires_at)::float8 * 1000 AS expires_at,
        d.provider, d.app, d.token, d.locale, k.is_group, k.session_id, k.read_id, e.unread,
        CASE WHEN k.shield THEN j.mention_id ELSE 0 END AS mention_id, coalesce(g.name, '') AS group_name,
        CASE
          WHEN d.user_id <> j.user_id THEN 'device-moved'
          WHEN d.failure IS NOT NULL THEN 'device-gone'
          WHEN u.status = ${userHasLeft} THEN 'user-left'
          WHEN j.expires_at <= now() THEN 'expired'
          WHEN NOT k.member AND j.shown_id = 0 AND NOT j.unsure THEN 'not-a-member'
          WHEN e.unread <= 0 AND j.shown_id = 0 AND NOT j.unsure THEN 'read'
          WHEN e.unread <= 0 THEN NULL
          -- All unread messages are newer than the job and still held.
          WHEN k.read_id >= j.msg_id THEN CASE WHEN j.shown_id >= j.msg_id THEN 'shown' ELSE 'read' END
          ELSE s.silence
        END AS settled
      FROM push_job j
      JOIN push_device d ON d.id = j.device_id
      JOIN im_user u ON u.id = j.user_id
      CROSS JOIN LATERAL push_conversation(j.conv, j.user_id) k
      LEFT JOIN chat_group g ON g.id = CASE WHEN k.is_group THEN k.session_id END
      CROSS JOIN LATERAL (
        SELECT CASE
          WHEN k.shield AND j.mention_id <= k.read_id THEN 'shielded'
          WHEN NOT u.push_shield THEN NULL
          WHEN extract(hour FROM now() AT TIME ZONE coalesce(nullif(d.time_zone, ''), $2)) NOT BETWEEN 7 AND 21
            THEN 'do-not-disturb'
        END AS silence
      ) s
      -- What is shown, or may be, has been read, and nothing newer is to be shown: it is silent, or still held.
      CROSS JOIN LATERAL (
        SELECT CASE
          WHEN (s.silence IS NOT NULL OR k.read_id >= j.msg_id)
            AND coalesce(nullif(j.shown_id, 0), CASE WHEN j.unsure THEN j.tried_id END) BETWEEN 1 AND k.read_id THEN 0
          ELSE k.unread
        END AS unread
      ) e
      WHERE j.id = ANY ($1::int8[])
      OFFSET 0
    ) f
    LEFT JOIN LATERAL (
      SELECT m.id, m.from_id, m.type, m.data FROM message m
      WHERE f.settled IS NULL AND f.unread > 0 AND m.conv = f.conv AND m.id > f.read_id AND m.from_id <> f.user_id
        AND (f.mention_id = 0 OR m.id = f.mention_id)
      ORDER BY m.id DESC LIMIT 1
    ) m ON true
    LEFT JOIN im_user s ON s.id = m.from_id
    CROSS JOIN LATERAL unread_badge(CASE WHEN f.settled IS NULL THEN f.user_id END) b
    ORDER BY f.job_id`,
};

export const finish: Statement = {
  name: 'push_finish',
  text: `
    SELECT finish_pushes($1::float8[]::int8[], $2::text[], $3::text[], $4::int4[], $5::float8[], $6::float8[],
      $7::bool[], $8::int4[], $9::int4[], $10::bool[])`,
};

export const purges: readonly Statement[] = [
  {
    name: 'push_purge_marks',
    text: `
      DELETE FROM push_mark WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM push_mark WHERE marked_at < now() - interval '1 day' LIMIT $1 FOR UPDATE SKIP LOCKED))
      RETURNING marked_at`,
  },
  {
    name: 'push_purge_reads',
    text: `
      DELETE FROM push_read WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM push_read WHERE marked_at < now() - interval '1 day' LIMIT $1 FOR UPDATE SKIP LOCKED))
      RETURNING marked_at`,
  },
  {
    name: 'push_purge_muted',
    text: `
      DELETE FROM push_muted WHERE id = ANY (ARRAY(
        SELECT id FROM push_muted WHERE marked_at < now() - interval '1 hour' LIMIT $1 FOR UPDATE SKIP LOCKED))
      RETURNING id`,
  },
  {
    name: 'push_purge_jobs',
    text: `
      DELETE FROM push_job WHERE id IN (
        SELECT id FROM push_job
        WHERE due_at < now() AND expires_at < now() - interval '1 hour'
          OR due_at IS NULL AND expires_at < now() - interval '${logDays} days'
        LIMIT $1 FOR UPDATE SKIP LOCKED)
      RETURNING id`,
  },
  {
    name: 'push_purge_log',
    text: `
      DELETE FROM push_log WHERE id IN (
        SELECT id FROM push_log WHERE at < now() - interval '${logDays} days' LIMIT $1)
      RETURNING id`,
  },
];
