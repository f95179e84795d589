import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import type { LegacyStand } from './legacy-stand.js';

const codec = createTextCodec(DEFAULT_TEXT_KEY);

/** A text as the legacy store has it. */
export function textOf(text: string): string {
  return codec.encrypt(text).toString('latin1');
}

/** Messages of a table: relate id or group, from, to, msgId, text, created; and other columns. */
const pairMessage = (
  relate: number,
  from: number,
  to: number,
  msgId: number,
  text: string,
  created: number,
) => [relate, from, to, msgId, textOf(text), 1, 0, created, created];

/** Fills a store with one of each kind of dirt. */
export async function fillSmallStore(legacy: LegacyStand): Promise<void> {
  const { sql } = legacy;
  const insert = (table: string, columns: string, rows: unknown[][]) =>
    sql.query(`INSERT INTO ${table} (${columns}) VALUES ?`, [rows]);
  await insert('IMDepart', 'id, departName, priority, parentId, status, created, updated', [
    [1, '研发', 3, 0, 0, 100, 100],
    [2, '', 0, 9, 1, 100, 100],
  ]);
  await insert(
    'IMUser',
    'id, sex, name, domain, nick, password, salt, phone, email, avatar, departId, status, created, updated, push_shield_status, sign_info',
    [
      [
        1,
        1,
        'ann',
        'anna',
        'Ann 😀',
        'F'.repeat(32),
        '',
        '1',
        'a@x',
        'http://msfs:8700/',
        1,
        0,
        100,
        100,
        1,
        'hi\tthere\\',
      ],
      [2, 2, 'bob ', '', 'Bob', 'e'.repeat(32), '12', '', '', 'g0/1.png', 77, 4, 100, 100, 0, ''],
      [3, 0, 'bob', '', 'Old Bob', '', '', '', '', null, 0, 3, 100, 100, 0, ''],
      [4, 0, '', '', 'No name', '', '', '', '', '', 0, null, 100, 100, 0, ''],
      [5, 0, 'eve', 'eve', 'Eve', '', '', '', '', '', 0, 2, 100, 100, 0, ''],
    ],
  );
  await insert(
    'IMGroup',
    'id, name, avatar, creator, type, userCnt, status, version, lastChated, created, updated',
    [
      [9, 'team', '', 1, 1, 44, 0, 6, 0, 100, 100],
      [10, 'empty', 'g0/x.png', 0, 2, 0, 1, 1, 0, 100, 100],
    ],
  );
  await insert('IMGroupMember', 'groupId, userId, status, created, updated', [
    [9, 1, 0, 100, 100],
    [9, 2, 1, 100, 100],
    [9, 2, 0, 100, 1_000],
    [9, 5, 1, 100, 200],
    [9, 99, 0, 100, 100],
    [8, 1, 0, 100, 100],
    [10, 1, 0, 100, 100],
  ]);
  // Two relations of one pair: 1 and 8, so that their messages are in tables 1 and 0.
  await insert('IMRelationShip', 'id, smallId, bigId, status, created, updated', [
    [1, 1, 2, 0, 500, 500],
    [8, 1, 2, 0, 500, 500],
    [2, 1, 5, 0, 500, 500],
    [3, 2, 5, 0, 500, 500],
  ]);
  const pairColumns = 'relateId, fromId, toId, msgId, content, type, status, updated, created';
  await insert('IMMessage_1', pairColumns, [
    pairMessage(1, 1, 2, 1, 'first', 500),
    pairMessage(1, 2, 1, 2, 'third', 510),
    [1, 1, 2, 3, textOf('deleted'), 1, 1, 511, 511],
    [1, 1, 2, 4, null, 1, 0, 512, 512],
    [1, 1, 2, 5, textOf('strange'), 17, 0, 513, 513],
    [1, 1, 0, 6, textOf('nobody'), 1, 0, 514, 514],
    [1, 1, 1, 7, textOf('self'), 1, 0, 515, 515],
    [1, 2, 1, 4_294_967_295, 'not encrypted\t\\ é', 1, 0, 520, 520],
    [1, 2, 1, 8, '1', 2, 0, 530, 530],
    [1, 2, 1, 9, '2', 2, 0, 540, 540],
    [1, 2, 1, 10, '77', 2, 0, 550, 550],
  ]);
  await insert('IMMessage_0', pairColumns, [pairMessage(8, 1, 2, 1, 'second', 505)]);
  // In order: the numbers stay; and the other side is gone.
  await insert('IMMessage_2', pairColumns, [
    pairMessage(2, 5, 1, 1, 'a', 600),
    pairMessage(2, 1, 5, 2, 'b', 600),
    pairMessage(2, 5, 1, 3, 'c', 601),
    pairMessage(10, 77, 1, 1, 'from a user who is gone', 700),
  ]);
  const groupColumns = 'groupId, userId, msgId, content, type, status, updated, created';
  await insert('IMGroupMessage_1', groupColumns, [
    [9, 1, 1, textOf('early'), 17, 0, 900, 900],
    [9, 1, 2, textOf('same second'), 17, 0, 1_000, 1_000],
    [9, 1, 3, textOf('later'), 17, 0, 1_001, 1_001],
    [17, 1, 1, textOf('group is gone'), 17, 0, 1_000, 1_000],
  ]);
  await insert('IMAudio', 'id, fromId, toId, path, size, duration, created', [
    [1, 2, 1, 'http://old:8700/g0/000/001/1_2.audio', 5, 7, 530],
    [2, 2, 1, 'http://old:8700/g0/000/001/1_3.audio', 5, 8, 540],
  ]);
  await insert('IMRecentSession', 'userId, peerId, type, status, created, updated', [
    [1, 2, 1, 0, 500, 550],
    [1, 2, 1, 1, 500, 500],
    [2, 1, 1, 1, 500, 550],
    [1, 9, 2, 0, 900, 900],
  ]);
  await insert('IMDiscovery', 'id, itemName, itemUrl, itemPriority, status, created, updated', [
    [1, 'wiki', 'http://wiki', 1, 0, 100, 100],
    [2, 'gone', 'http://gone', 1, 1, 100, 100],
    [3, 'mail', 'http://mail', 9, 0, 100, 100],
  ]);
  await insert('IMTransmitFile', 'fromId, toId, fileName, taskId, size, status, updated, created', [
    [1, 2, 'C:\\docs\\plan.pdf', 'ab12', 4, 0, 100, 100],
    [1, 2, 'lost.pdf', 'cd34', 4, 0, 100, 100],
    [1, 2, 'twice.pdf', 'ef56', 4, 0, 100, 100],
  ]);
  await insert('IMAdmin', 'id, uname, pwd, status, created, updated', [
    [1, 'admin', 'x'.repeat(32), 0, 1, 1],
  ]);

  const unread = legacy.redis(1);
  await unread.set('msg_id_1', '10');
  await unread.hset('unread_1', { 2: '2', 5: '99' });
  await unread.hset('9_im_group_msg', { count: '10' });
  await unread.hset('2_9_im_user_group', { count: '9' });
  await unread.hset('1_9_im_user_group', { count: '12' });
  await legacy.redis(2).hset('group_set_9', { '1_1': '1', '2_1': '0' });
  const token = legacy.redis(4);
  await token.mset({
    device_1: 'ios:abc',
    device_2: 'android:x:y',
    device_5: 'pc',
    device_abc: '1',
    device_77: 'ios:z',
  });
  await legacy.redis(5).hset('group_member_9', { 1: '100', 2: '1000' });

  await mkdir(path.join(legacy.images, '000', '001'), { recursive: true });
  await writeFile(path.join(legacy.images, '000', '001', '1_2.audio'), 'sound');
  await writeFile(path.join(legacy.images, '000', '001', '1_3.audio'), 'longer sound');
  await writeFile(path.join(legacy.images, '000', '001', '5_6_10x20.png'), 'picture');
  await writeFile(path.join(legacy.images, '000', '001', '7_8.a b'), 'name with a space');
  const header = (size: number) => {
    const bytes = Buffer.alloc(960);
    bytes.write(String(size), 896);
    return bytes;
  };
  for (const [folder, name, content] of [
    ['ab', 'ab12', Buffer.concat([header(4), Buffer.from('plan')])],
    ['ef', 'ef56', Buffer.concat([header(4), Buffer.from('planplan')])],
  ] as const) {
    await mkdir(path.join(legacy.offlineFiles, folder), { recursive: true });
    await writeFile(path.join(legacy.offlineFiles, folder, name), content);
  }
}
