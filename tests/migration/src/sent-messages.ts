import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { imageFolder, type LegacyPlaces } from './legacy/store.js';

const codec = createTextCodec(DEFAULT_TEXT_KEY);

/** A message that a server has acknowledged. */
export interface Sent {
  from: number;
  session: { user: number } | { group: number };
  msgId: number;
  content: string | Buffer;
}

/** What a client was told of its unread messages. */
export interface Unread {
  user: number;
  sessions: { sessionId?: number | null; sessionType?: number | null; unreadCnt?: number | null }[];
}

/**
 * Looks for messages in an old store as its servers would, and for unread counts.
 *
 * @returns everything that is missing or different, in words
 */
export async function missingFrom(
  places: LegacyPlaces,
  sent: readonly Sent[],
  unread: readonly Unread[],
): Promise<string[]> {
  const sql = await createConnection(places.mysql);
  const redis = new Redis(places.redis, { db: places.databases.unread });
  const wrong: string[] = [];
  try {
    for (const message of sent) {
      const rows =
        'group' in message.session
          ? await query(
              `SELECT content, type FROM IMGroupMessage_${message.session.group % 8}
            WHERE groupId = ? AND userId = ? AND msgId = ? AND status = 0`,
              [message.session.group, message.from, message.msgId],
            )
          : await ofPair(message.from, message.session.user, message.msgId);
      const found = await Promise.all(rows.map(contentOf));
      if (found.length === 1 && found[0] === String(message.content)) continue;
      wrong.push(
        `${JSON.stringify({ ...message, content: String(message.content) })}: ${JSON.stringify(found)}`,
      );
    }
    for (const { user, sessions } of unread) {
      for (const { sessionId, sessionType, unreadCnt } of sessions) {
        const count =
          sessionType === 2
            ? await ofGroup(user, sessionId!)
            : Number(await redis.hget(`unread_${user}`, String(sessionId)));
        if (count !== unreadCnt)
          wrong.push(`unread of user ${user} from ${sessionType}/${sessionId}: ${count}, not ${unreadCnt}`);
      }
    }
    return wrong;
  } finally {
    redis.disconnect();
    await sql.end();
  }

  async function query(text: string, values: unknown[]): Promise<RowDataPacket[]> {
    return (await sql.query<RowDataPacket[]>(text, values))[0];
  }

  async function ofPair(from: number, to: number, msgId: number): Promise<RowDataPacket[]> {
    const [relation] = await query(
      'SELECT id FROM IMRelationShip WHERE smallId = ? AND bigId = ? AND status = 0 ORDER BY updated DESC, id DESC LIMIT 1',
      [Math.min(from, to), Math.max(from, to)],
    );
    if (!relation) return [];
    return query(
      `SELECT content, type FROM IMMessage_${relation.id % 8}
        WHERE relateId = ? AND fromId = ? AND toId = ? AND msgId = ? AND status = 0`,
      [relation.id, from, to, msgId],
    );
  }

  async function ofGroup(user: number, group: number): Promise<number> {
    const all = await redis.hget(`${group}_im_group_msg`, 'count');
    const read = await redis.hget(`${user}_${group}_im_user_group`, 'count');
    return Number(all ?? 0) - Number(read ?? 0);
  }

  async function contentOf({ content, type }: RowDataPacket): Promise<string> {
    if (type === 1 || type === 17) return codec.decrypt(Buffer.from(content as string));
    const [audio] = await query('SELECT path, size, duration FROM IMAudio WHERE id = ?', [Number(content)]);
    const file = path.join(imageFolder(places), String(audio!.path).split('/g0/')[1]!);
    const sound = await readFile(file);
    if (sound.length !== audio!.size) return `${sound.length} bytes, not ${audio!.size}`;
    const head = Buffer.alloc(4);
    head.writeUInt32BE(audio!.duration as number);
    return String(Buffer.concat([head, sound]));
  }
}
