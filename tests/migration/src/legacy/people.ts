import { createHash } from 'node:crypto';
import type { LegacyOptions } from './options.js';
import { Random } from './random.js';
import type { LegacySink } from './sink.js';
import { note, type TrueUser, type Truth } from './truth.js';

export const epoch = 1_420_000_000;
/** The host that avatars and voice messages name, of an installation that moved once. */
export const oldMsfs = 'http://msfs.old.example:8700/';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const surnames = ['王', '李', '张', '刘', '陈', 'Müller', 'O’Brien', 'Иванов'];

/** Users' ids from 1; some numbers have no row. */
export function isGone(id: number): boolean {
  return id % 37 === 0;
}

/** IMUser, with every kind of dirt in the first few dozens and now and then later. */
export function makeUsers(options: LegacyOptions, sink: LegacySink, truth: Truth): void {
  const random = new Random(`${options.seed} users`);
  /** who of a name may log in */
  const owners = new Map<string, number>();
  const names = new Map<number, { name: string; status: number | null }>();
  for (let id = 1; id <= options.users; id++) {
    if (isGone(id)) continue;
    const kind = id % 20;
    const status = id % 23 === 5 ? null : id % 11 === 3 ? random.int(1, 4) : 0;
    // Another account has the same name now and then, or the same but for spaces.
    const name =
      id > 20 && kind === 7
        ? `user${id - 10}`
        : kind === 8
          ? `user${id} `
          : id > 20 && kind === 9
            ? `user${id - 9}  `
            : kind === 10 && id % 40 === 10
              ? ''
              : `user${id}`;
    const salt = kind === 1 ? '' : kind === 2 ? '7' : String(random.int(0, 9999));
    const plain = kind === 3 ? undefined : `secret${id}`;
    const hash = plain === undefined ? '' : md5(md5(plain) + salt);
    const avatar = avatarOf(kind, id);
    const nick = kind === 4 ? '' : `${random.pick(surnames)}${id}${kind === 5 ? '🐼' : ''}`;
    const user: TrueUser = {
      name,
      realName: name,
      domain: kind === 6 ? '' : `wang${id}`,
      nick,
      password: plain,
      storedHash: kind === 16 ? hash.toUpperCase() : hash,
      salt,
      sex: id % 3,
      phone: kind === 11 ? '' : `138${String(id).padStart(8, '0')}`,
      email: kind === 12 ? '' : `u${id}@example.com`,
      avatars: avatar.allowed,
      departmentId: kind === 13 ? 9_999_999 : id % 4 === 0 ? 0 : 1 + (id % 9),
      status: status ?? 0,
      pushShield: options.profiles && id % 5 === 0,
      signInfo:
        options.profiles && kind === 14
          ? '签'.repeat(42)
          : options.profiles && kind === 15
            ? 'tab\tand\\'
            : '',
      created: epoch + id,
    };
    sink.row('IMUser', {
      id,
      sex: user.sex,
      name,
      domain: user.domain,
      nick,
      password: user.storedHash,
      salt,
      phone: user.phone,
      email: user.email,
      avatar: avatar.stored,
      departId: user.departmentId,
      status,
      created: user.created,
      updated: user.created + 1000,
      ...(options.profiles && { push_shield_status: user.pushShield ? 1 : 0, sign_info: user.signInfo }),
      ...(options.projects && { pid: id % 2 }),
      ...(options.extraColumns && { wechat: id % 7 === 0 ? `wx${id}` : null }),
    });
    note(truth, 'IMUser');
    truth.users.set(id, user);
    const login = name.trimEnd();
    names.set(id, { name: login, status });
    const owner = owners.get(login);
    const rank = (who: number) => ((names.get(who)!.status ?? 0) === 0 ? 1 : 0);
    if (owner === undefined || rank(id) >= rank(owner)) owners.set(login, id);
  }
  for (const [id, user] of truth.users) {
    const login = names.get(id)!.name;
    user.name = login !== '' && owners.get(login) === id ? login : undefined;
  }
  // A user of a company's own directory whose number does not fit.
  sink.row('IMUser', bareUser(options, 3_000_000_000, 'too.large'));
  note(truth, 'IMUser', 'id-too-large');
}

function avatarOf(kind: number, id: number): { stored: string | null; allowed: string[] } {
  const key = `g0/000/${String(id % 256).padStart(3, '0')}/${1_450_000_000_000_000 + id}_1.png`;
  if (kind === 17) return { stored: `${oldMsfs}${key}`, allowed: [key, `${oldMsfs}${key}`] };
  if (kind === 18) return { stored: oldMsfs, allowed: ['', oldMsfs] };
  if (kind === 19) return { stored: null, allowed: [''] };
  if (kind === 0) return { stored: 'images/demo.png', allowed: ['images/demo.png'] };
  return kind % 2 === 0 ? { stored: key, allowed: [key] } : { stored: '', allowed: [''] };
}

function bareUser(options: LegacyOptions, id: number, name: string) {
  return {
    id,
    sex: 0,
    name,
    domain: '',
    nick: '',
    password: '',
    salt: '',
    phone: '',
    email: '',
    avatar: '',
    departId: 0,
    status: 0,
    created: epoch,
    updated: epoch,
    ...(options.profiles && { push_shield_status: 0, sign_info: '' }),
    ...(options.projects && { pid: 0 }),
    ...(options.extraColumns && { wechat: null }),
  };
}

/** IMDepart: deleted ones, one without a name, a parent that is gone, two that are each other's parent. */
export function makeDepartments(options: LegacyOptions, sink: LegacySink, truth: Truth): void {
  const parents = [0, 0, 1, 1, 888, 7, 6, 3, 0, 1];
  for (const [index, parentId] of parents.entries()) {
    const id = index + 1;
    const name = id === 9 ? '' : `部门 ${id}`;
    const department = { name: name || undefined, parentId, priority: 10 - id, status: id === 10 ? 1 : 0 };
    sink.row('IMDepart', {
      id,
      departName: name,
      priority: department.priority,
      parentId,
      status: department.status,
      created: epoch,
      updated: epoch,
      ...(options.projects && { pid: 0 }),
    });
    note(truth, 'IMDepart');
    truth.departments.set(id, department);
  }
}

/** IMAdmin, IMDiscovery, and IMProject of forks. */
export function makePages(options: LegacyOptions, sink: LegacySink, truth: Truth): void {
  for (const uname of ['admin', 'second']) {
    sink.row('IMAdmin', {
      uname,
      pwd: md5('admin'),
      ...(options.projects && { type: 1 }),
      status: 0,
      created: epoch,
      updated: epoch,
    });
    note(truth, 'IMAdmin', 'admin-account');
  }
  const items: [name: string, url: string, priority: number, status: number][] = [
    ['first', 'http://one.example/', 1, 0],
    ['gone', 'http://gone.example/', 9, 1],
    ['', 'http://unnamed.example/', 3, 0],
    ['no address', '', 3, 0],
    ['second', 'http://two.example/', 7, 0],
    ['third', 'http://three.example/', 0, 0],
  ];
  for (const [itemName, itemUrl, itemPriority, status] of items) {
    sink.row('IMDiscovery', {
      itemName,
      itemUrl,
      itemPriority,
      status,
      created: epoch,
      updated: epoch,
      ...(options.projects && { pid: 0 }),
    });
    const reason = status === 1 ? 'discovery-deleted' : itemName && itemUrl ? undefined : 'discovery-empty';
    note(truth, 'IMDiscovery', reason);
    if (!reason) truth.discovery.push({ name: itemName, url: itemUrl });
  }
  if (!options.projects) return;
  for (const name of ['one', 'two']) {
    sink.row('IMProject', {
      name,
      type: 0,
      appkey: `key-${name}`,
      appsecret: `secret-${name}`,
      status: 0,
      creatorId: 1,
      created: epoch,
      updated: epoch,
    });
  }
}

/** The pool token: phones, desktops, users who are gone, and the keys that lead back. */
export function makeTokens(options: LegacyOptions, sink: LegacySink, truth: Truth): void {
  const pool = 'redis device_*';
  for (let id = 1; id <= options.users; id++) {
    const kind = id % 6;
    if (kind > 3) continue;
    const token = kind === 1 ? String(9_000_000_000_000 + id) : `t0ken${id}`;
    const value =
      kind === 0 ? `ios:${token}` : kind === 1 ? `android:${token}` : kind === 2 ? 'desktop' : 'ios:';
    sink.redis('token', 'SET', `device_${id}`, value);
    const known = !isGone(id);
    note(truth, pool, kind === 2 || kind === 3 ? 'token-desktop' : known ? undefined : 'token-without-user');
    if (kind > 1) continue;
    if (known) truth.tokens.set(`${id}/${kind === 0 ? 17 : 18}`, token);
    sink.redis('token', 'SET', `device_${token}`, id % 12 === 0 ? '' : String(id));
    note(truth, pool, 'token-reverse');
  }
}
