import { MsgType, type TextCodec } from '@teamtalk/protocol';
import type { Database, Query, Statement } from '../database/database.js';

/** Most messages looked at for mentions at once, the newest; the longest, bytes; and most `@` in one, and in all of them. */
const maxMessages = 500;
const maxDataBytes = 8_192;
const maxMentions = { each: 50, all: 10_000 };
/** Most rows taken at once: the members of as many groups are loaded. */
const maxTaken = 20;

const takeMuted: Statement = {
  name: 'push_take_muted',
  text: `
    DELETE FROM push_muted WHERE id = ANY (ARRAY(
      SELECT id FROM push_muted ORDER BY id LIMIT ${maxTaken} FOR UPDATE SKIP LOCKED))
    RETURNING conv, first_id, last_id`,
};

const writtenTexts: Statement = {
  name: 'push_muted_texts',
  text: `
    SELECT r.conv::float8 AS group_id, m.id, m.data
    FROM unnest($1::int8[], $2::int4[], $3::int4[]) AS r(conv, first_id, last_id)
      JOIN message m ON m.conv = r.conv AND m.id BETWEEN r.first_id AND r.last_id
    WHERE m.type = ${MsgType.GROUP_TEXT} AND octet_length(m.data) <= ${maxDataBytes}
    ORDER BY m.created_at DESC LIMIT ${maxMessages}`,
};

const mutingMembers: Statement = {
  name: 'push_muting_members',
  text: `
    SELECT g.group_id, g.user_id, u.name, u.nick_name FROM group_member g JOIN im_user u ON u.id = g.user_id
    WHERE g.group_id = ANY ($1::int4[]) AND g.shield
      AND EXISTS (SELECT FROM push_device d WHERE d.user_id = g.user_id AND d.failure IS NULL)`,
};

/** As claim_push_marks makes jobs, which are due at once. */
const makeJobs: Statement = {
  name: 'push_mention',
  text: `
    INSERT INTO push_job AS j (device_id, user_id, conv, msg_id, mention_id, marked_at, expires_at)
      SELECT d.id, r.user_id, r.conv, r.id, r.id, now(), now() + interval '1 day'
      FROM unnest($1::int4[], $2::int4[], $3::int4[]) AS r(conv, user_id, id)
      JOIN push_device d ON d.user_id = r.user_id AND d.failure IS NULL
      CROSS JOIN LATERAL push_conversation(r.conv, r.user_id) k
      JOIN message m ON m.conv = r.conv AND m.id = r.id AND m.from_id <> r.user_id
      WHERE k.read_id < r.id
      ORDER BY d.id, r.conv
      FOR KEY SHARE OF d
    ON CONFLICT (device_id, conv) DO UPDATE SET
      msg_id = greatest(j.msg_id, excluded.msg_id),
      mention_id = excluded.mention_id,
      shown_id = CASE WHEN j.user_id = excluded.user_id THEN j.shown_id ELSE 0 END,
      user_id = excluded.user_id,
      marked_at = CASE WHEN j.due_at IS NULL THEN excluded.marked_at ELSE j.marked_at END,
      due_at = coalesce(j.due_at, excluded.due_at),
      expires_at = greatest(j.expires_at, excluded.expires_at)
      WHERE excluded.mention_id > greatest(j.shown_id, j.mention_id) OR j.user_id <> excluded.user_id`,
};

interface Muted {
  conv: string;
  first_id: number;
  last_id: number;
}

/**
 * Takes messages of groups that somebody has muted, and makes a job for each device of a user whom one of them mentions: the newest
 * such message. In a transaction of its own, which locks jobs in their order.
 * @param codec undefined: for no mention
 * @returns whether there may be more
 */
export function pushMentions(database: Database, codec: TextCodec | undefined): Promise<boolean> {
  return database.transaction('push_mentions', async (query) => {
    const taken = await query<Muted>(takeMuted, []);
    if (codec && taken.length > 0) await pushMentionsOf(query, codec, taken);
    return taken.length === maxTaken;
  });
}

async function pushMentionsOf(query: Query, codec: TextCodec, taken: readonly Muted[]): Promise<void> {
  const rows = await query<{ group_id: number; id: number; data: Buffer }>(writtenTexts, [
    taken.map(({ conv }) => conv),
    taken.map(({ first_id }) => first_id),
    taken.map(({ last_id }) => last_id),
  ]);
  const texts = rows.flatMap(({ data, ...message }) => {
    const text = textOf(codec, data);
    return text.includes('@') ? [{ ...message, text }] : [];
  });
  if (texts.length === 0) return;
  const groups = [...new Set(texts.map(({ group_id: group }) => group))];
  const members = await query<{ group_id: number; user_id: number; name: string; nick_name: string }>(
    mutingMembers,
    [groups],
  );
  const usersOf = usersByName(members);
  const newest = new Map<string, { group: number; user: number; id: number }>();
  let left = maxMentions.all;
  for (const { group_id: group, id, text } of texts) {
    let ofThis = maxMentions.each;
    const goesOn = () => ofThis-- > 0 && left-- > 0;
    for (const user of mentionedIn(text, usersOf.get(group) ?? new Map(), goesOn)) {
      const key = `${group} ${user}`;
      if (id > (newest.get(key)?.id ?? 0)) newest.set(key, { group, user, id });
    }
  }
  const mentioned = [...newest.values()];
  if (mentioned.length === 0) return;
  await query(makeJobs, [
    mentioned.map(({ group }) => group),
    mentioned.map(({ user }) => user),
    mentioned.map(({ id }) => id),
  ]);
}

/** By group, then by name and nickname. */
function usersByName(
  members: readonly { group_id: number; user_id: number; name: string; nick_name: string }[],
): Map<number, Map<string, number[]>> {
  const groups = new Map<number, Map<string, number[]>>();
  for (const { group_id: group, user_id: user, name, nick_name: nickName } of members) {
    const users = groups.get(group) ?? new Map<string, number[]>();
    groups.set(group, users);
    for (const each of new Set([name, nickName])) {
      if (each !== '') users.set(each, [...(users.get(each) ?? []), user]);
    }
  }
  return groups;
}

/**
 * The users whom a text mentions: by `@` and a name, with no letter or digit after it. The old clients write a space there.
 * @param goesOn asked before each `@`
 */
export function mentionedIn(
  text: string,
  users: ReadonlyMap<string, readonly number[]>,
  goesOn: () => boolean = () => true,
): number[] {
  const longest = Math.max(0, ...[...users.keys()].map((name) => name.length));
  const mentioned = new Set<number>();
  for (let at = text.indexOf('@'); at >= 0 && goesOn(); at = text.indexOf('@', at + 1)) {
    for (let end = at + 2; end <= Math.min(at + 1 + longest, text.length); end++) {
      const named = users.get(text.slice(at + 1, end));
      if (named && !/^[\p{L}\p{N}_]/u.test(text.slice(end, end + 2))) {
        for (const user of named) mentioned.add(user);
      }
    }
  }
  return [...mentioned];
}

/** Empty where it cannot be decrypted. */
function textOf(codec: TextCodec, data: Buffer): string {
  try {
    return codec.decrypt(data);
  } catch {
    return '';
  }
}
