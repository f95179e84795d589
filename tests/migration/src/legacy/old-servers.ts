import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { Redis } from 'ioredis';
import { createPool, type Pool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { Random } from './random.js';
import { imageFolder, type LegacyPlaces } from './store.js';

const codec = createTextCodec(DEFAULT_TEXT_KEY);
const together = 6;

/**
 * Writes into a legacy store what the old servers write while people work: statement by statement, each committed alone, with Redis
 * beside it and never in step.
 */
export class OldServers {
  readonly #places: LegacyPlaces;
  readonly #sql: Pool;
  readonly #redis: Record<'unread' | 'group_set' | 'token' | 'group_member', Redis>;
  readonly #random: Random;
  #users: number[] = [];
  #groups: number[] = [];
  #next = 0;
  #isOver = false;
  #working: Promise<void> | undefined;
  /** messages that were stored */
  messages = 0;

  private constructor(places: LegacyPlaces, seed: string) {
    this.#places = places;
    this.#random = new Random(seed);
    this.#sql = createPool({ uri: places.mysql, connectionLimit: together + 4, charset: 'utf8mb4' });
    const client = (pool: keyof LegacyPlaces['databases']) =>
      new Redis(places.redis, { db: places.databases[pool] });
    this.#redis = {
      unread: client('unread'),
      group_set: client('group_set'),
      token: client('token'),
      group_member: client('group_member'),
    };
  }

  static async open(places: LegacyPlaces, seed = 'old servers'): Promise<OldServers> {
    const servers = new OldServers(places, seed);
    servers.#users = (await servers.#rows('SELECT id FROM IMUser WHERE id < 2147483647')).map((row) =>
      Number(row.id),
    );
    servers.#groups = (await servers.#rows('SELECT id FROM IMGroup WHERE id < 2147483647')).map((row) =>
      Number(row.id),
    );
    return servers;
  }

  async close(): Promise<void> {
    this.stop();
    await this.#working?.catch(() => {});
    await this.#sql.end();
    for (const client of Object.values(this.#redis)) client.disconnect();
  }

  /** Lets `work` end. */
  stop(): void {
    this.#isOver = true;
  }

  /** Writes `rate` messages a second, and one other change for ten of them, until `stop`. */
  work(rate: number): Promise<void> {
    const begin = performance.now();
    let started = 0;
    const lane = async () => {
      while (!this.#isOver) {
        const due = begin + (started++ * 1_000) / rate;
        const wait = due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        await this.#event();
      }
    };
    this.#working = Promise.all(Array.from({ length: together }, lane)).then(() => {});
    return this.#working;
  }

  async #event(): Promise<void> {
    const kind = this.#next++ % 110;
    if (kind % 11 === 10) return this.#changes[Math.floor(kind / 11)]!();
    this.messages++;
    if (kind % 3 === 0) await this.#sendToGroup(this.#one(this.#groups), this.#one(this.#users));
    else await this.#sendToUser(this.#one(this.#users), this.#one(this.#users), kind);
  }

  readonly #changes: readonly (() => Promise<void>)[] = [
    async () => {
      const [user, peer] = [this.#one(this.#users), this.#one(this.#users)];
      await this.#redis.unread.hdel(`unread_${user}`, String(peer));
    },
    async () => {
      const [user, group] = [this.#one(this.#users), this.#one(this.#groups)];
      const count = await this.#redis.unread.hget(`${group}_im_group_msg`, 'count');
      if (count !== null) await this.#redis.unread.hset(`${user}_${group}_im_user_group`, 'count', count);
    },
    async () => {
      const rows = await this.#rows(
        'SELECT id, userId, peerId, type FROM IMRecentSession WHERE status = 0 ORDER BY RAND() LIMIT 1',
      );
      for (const { id, userId, peerId, type } of rows) {
        await this.#run('UPDATE IMRecentSession SET status = 1 WHERE id = ?', [id]);
        if (type === 1) await this.#redis.unread.hdel(`unread_${userId}`, String(peerId));
      }
    },
    () => this.#createGroup(),
    async () => this.#join(this.#one(this.#groups), this.#one(this.#users)),
    async () => this.#leave(),
    async () => {
      const now = seconds();
      const name = `new-${this.#next}`;
      const id = Math.max(...this.#users) + 1;
      this.#users.push(id);
      await this.#run(
        `INSERT INTO IMUser (id, name, domain, nick, password, salt, phone, email, avatar, departId, status, created, updated)
          VALUES (?, ?, ?, ?, ?, '7', '', '', '', 1, 0, ?, ?)`,
        [id, name, name, name, 'a'.repeat(32), now, now],
      );
    },
    async () => {
      const user = this.#one(this.#users);
      await this.#run('UPDATE IMUser SET password = ?, salt = ? WHERE id = ?', [
        this.#next.toString(16).padStart(32, '0'),
        String(this.#next % 10_000),
        user,
      ]);
      await this.#redis.token.set(`device_${user}`, `ios:token-${this.#next}`);
      await this.#redis.group_set.hset(`group_set_${this.#one(this.#groups)}`, `${user}_1`, this.#next % 2);
    },
    async () => {
      await this.#run('UPDATE IMUser SET status = 3 WHERE id = ?', [this.#one(this.#users)]);
      await this.#run('UPDATE IMUser SET nick = ?, updated = ? WHERE id = ?', [
        `nick ${this.#next}`,
        seconds(),
        this.#one(this.#users),
      ]);
      await this.#run('UPDATE IMDepart SET status = 1 ORDER BY RAND() LIMIT 1', []);
      await this.#run('UPDATE IMDiscovery SET status = 1 WHERE status = 0 ORDER BY id LIMIT 1', []);
    },
    async () => {
      // A relation that two first messages made twice, and a counter that Redis lost.
      const [one, other] = [this.#one(this.#users), this.#one(this.#users)];
      if (one === other) return;
      const now = seconds();
      const pair = [Math.min(one, other), Math.max(one, other)];
      for (let row = 0; row < 2; row++) {
        const { insertId } = await this.#run(
          'INSERT INTO IMRelationShip (smallId, bigId, status, created, updated) VALUES (?, ?, 0, ?, ?)',
          [...pair, now, now],
        );
        await this.#redis.unread.set(`msg_id_${insertId}`, '0');
        await this.#store(insertId, one, other, now, 'a first message');
      }
      const [row] = await this.#rows('SELECT id FROM IMRelationShip ORDER BY RAND() LIMIT 1');
      await this.#redis.unread.del(`msg_id_${row!.id}`);
    },
  ];

  async #sendToUser(from: number, to: number, kind: number): Promise<void> {
    if (from === to) return;
    const now = seconds() - (kind % 7 === 0 ? 2 : 0);
    const pair = [Math.min(from, to), Math.max(from, to)];
    const [relation] = await this.#rows(
      'SELECT id FROM IMRelationShip WHERE smallId = ? AND bigId = ? AND status = 0 ORDER BY updated DESC, id DESC LIMIT 1',
      pair,
    );
    let relate = Number(relation?.id ?? 0);
    if (relate === 0) {
      relate = (
        await this.#run(
          'INSERT INTO IMRelationShip (smallId, bigId, status, created, updated) VALUES (?, ?, 0, ?, ?)',
          [...pair, now, now],
        )
      ).insertId;
      await this.#redis.unread.set(`msg_id_${relate}`, '0');
    }
    if (kind % 37 === 0) await this.#storeVoice(relate, from, to, now);
    else if (kind % 41 === 0) await this.#storeLate(relate, from, to, now);
    else await this.#store(relate, from, to, now, `message ${this.#next}`);
    await this.#redis.unread.hincrby(`unread_${to}`, String(from), 1);
    await this.#session(from, to, 1, now);
    await this.#session(to, from, 1, now);
  }

  async #store(relate: number, from: number, to: number, created: number, text: string): Promise<void> {
    const msgId = await this.#redis.unread.incr(`msg_id_${relate}`);
    await this.#run(pairInsert(relate), [relate, from, to, msgId, textOf(text), 1, created, created]);
  }

  /** The row gets its id before one that is seen earlier. */
  async #storeLate(relate: number, from: number, to: number, created: number): Promise<void> {
    const connection = await this.#sql.getConnection();
    try {
      await connection.beginTransaction();
      const msgId = await this.#redis.unread.incr(`msg_id_${relate}`);
      await connection.query(pairInsert(relate), [
        relate,
        from,
        to,
        msgId,
        textOf('late'),
        1,
        created,
        created,
      ]);
      await this.#store(relate, to, from, created, 'overtakes it');
      await this.#redis.unread.hincrby(`unread_${from}`, String(to), 1);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await connection.commit();
    } finally {
      connection.release();
    }
  }

  async #storeVoice(relate: number, from: number, to: number, created: number): Promise<void> {
    const name = `${created}_${this.#next}.audio`;
    const folder = path.join(imageFolder(this.#places), '007', '008');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, name), `sound ${this.#next}`);
    const { insertId } = await this.#run(
      'INSERT INTO IMAudio (fromId, toId, path, size, duration, created) VALUES (?, ?, ?, ?, 3, ?)',
      [from, to, `http://old:8700/g0/007/008/${name}`, `sound ${this.#next}`.length, created],
    );
    const msgId = await this.#redis.unread.incr(`msg_id_${relate}`);
    await this.#run(pairInsert(relate), [relate, from, to, msgId, String(insertId), 2, created, created]);
  }

  async #sendToGroup(group: number, user: number): Promise<void> {
    const now = seconds() - (this.#next % 5 === 0 ? 1 : 0);
    const msgId = await this.#redis.unread.incr(`group_msg_id_${group}`);
    await this.#run(
      `INSERT INTO IMGroupMessage_${group % 8} (groupId, userId, msgId, content, type, status, updated, created)
        VALUES (?, ?, ?, ?, 17, 0, ?, ?)`,
      [group, user, msgId, textOf(`to the group ${this.#next}`), now, now],
    );
    const count = await this.#redis.unread.hincrby(`${group}_im_group_msg`, 'count', 1);
    await this.#redis.unread.hset(`${user}_${group}_im_user_group`, 'count', count);
    await this.#run('UPDATE IMGroup SET lastChated = ? WHERE id = ?', [now, group]);
    await this.#session(user, group, 2, now);
  }

  async #session(user: number, peer: number, type: number, now: number): Promise<void> {
    const { affectedRows } = await this.#run(
      'UPDATE IMRecentSession SET status = 0, updated = ? WHERE userId = ? AND peerId = ? AND type = ?',
      [now, user, peer, type],
    );
    if (affectedRows > 0) return;
    await this.#run(
      'INSERT INTO IMRecentSession (userId, peerId, type, status, created, updated) VALUES (?, ?, ?, 0, ?, ?)',
      [user, peer, type, now, now],
    );
  }

  async #createGroup(): Promise<void> {
    const now = seconds();
    const creator = this.#one(this.#users);
    const { insertId } = await this.#run(
      `INSERT INTO IMGroup (name, avatar, creator, type, userCnt, status, version, lastChated, created, updated)
        VALUES (?, '', ?, 1, 1, 0, 1, 0, ?, ?)`,
      [`group ${this.#next}`, creator, now, now],
    );
    for (let member = 0; member < 4; member++) await this.#join(insertId, this.#one(this.#users));
    this.#groups.push(insertId);
    await this.#sendToGroup(insertId, creator);
  }

  async #join(group: number, user: number): Promise<void> {
    const now = seconds();
    const { affectedRows } = await this.#run(
      'UPDATE IMGroupMember SET status = 0, updated = ? WHERE groupId = ? AND userId = ?',
      [now, group, user],
    );
    if (affectedRows === 0) {
      await this.#run(
        'INSERT INTO IMGroupMember (groupId, userId, status, created, updated) VALUES (?, ?, 0, ?, ?)',
        [group, user, now, now],
      );
    }
    await this.#redis.group_member.hset(`group_member_${group}`, String(user), now);
    await this.#run('UPDATE IMGroup SET version = version + 1, userCnt = userCnt + 1 WHERE id = ?', [group]);
  }

  async #leave(): Promise<void> {
    const rows = await this.#rows(
      'SELECT groupId, userId FROM IMGroupMember WHERE status = 0 ORDER BY RAND() LIMIT 1',
    );
    for (const { groupId, userId } of rows) {
      await this.#run('UPDATE IMGroupMember SET status = 1 WHERE groupId = ? AND userId = ?', [
        groupId,
        userId,
      ]);
      await this.#redis.group_member.hdel(`group_member_${groupId}`, String(userId));
      await this.#run('UPDATE IMGroup SET version = version + 1 WHERE id = ?', [groupId]);
    }
  }

  #one<T>(values: readonly T[]): T {
    return this.#random.pick(values);
  }

  async #rows(sql: string, values: unknown[] = []): Promise<RowDataPacket[]> {
    return (await this.#sql.query<RowDataPacket[]>(sql, values))[0];
  }

  async #run(sql: string, values: unknown[]): Promise<ResultSetHeader> {
    return (await this.#sql.query<ResultSetHeader>(sql, values))[0];
  }
}

function pairInsert(relate: number): string {
  return `INSERT INTO IMMessage_${relate % 8} (relateId, fromId, toId, msgId, content, type, status, updated, created)
    VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)`;
}

function textOf(text: string): string {
  return codec.encrypt(text).toString('latin1');
}

function seconds(): number {
  return Math.floor(Date.now() / 1_000);
}
