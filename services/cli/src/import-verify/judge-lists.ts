import { merged } from './merged.js';
import type { NewStore } from './new-store.js';
import type { OldStore } from './old-store.js';
import { largestId } from './read-messages.js';
import type { KnownIds } from './sides.js';
import type { Tally } from './tally.js';

/** Compares departments, groups, discovery items, device tokens and the accounts of the PHP pages. */
export async function judgeLists(old: OldStore, store: NewStore, tally: Tally, known: KnownIds) {
  await judgeDepartments(old, store, tally);
  await judgeGroups(old, store, tally);
  await judgeDiscovery(old, store, tally);
  await judgeTokens(old, store, tally, known);
  for await (const _ of old.rows('IMAdmin', 'id')) tally.leftOut('IMAdmin', 'admin-account');
}

async function judgeDepartments(old: OldStore, store: NewStore, tally: Tally): Promise<void> {
  type Old = Record<'id' | 'parentId' | 'priority' | 'status' | 'other', number> & { departName: string };
  type New = { id: number; name: string; parent_id: number; priority: number; status: number };
  const both = merged(
    old.rows<Old>('IMDepart', `id, departName, parentId, priority, status, ${old.other('IMDepart')}`),
    ({ id }) => id,
    store.rows<New>('SELECT id, name, parent_id, priority, status FROM department ORDER BY id'),
    ({ id }) => id,
  );
  for await (const [id, there, here] of both) {
    if (there?.other) tally.leftOut('IMDepart', 'other-project');
    if (!there || there.other) {
      if (here) tally.compare('departments', false, () => `department ${id} is here only`);
    } else if (id > largestId) tally.leftOut('IMDepart', 'id-too-large');
    else if (!here) tally.unexplained('IMDepart', `department ${id} is not here`);
    else {
      tally.imported('IMDepart');
      const isSame =
        (here.name === there.departName || there.departName === '') &&
        here.parent_id === (there.parentId > largestId ? 0 : there.parentId) &&
        here.priority === Math.min(there.priority, largestId) &&
        here.status === Number(there.status !== 0);
      tally.compare('departments', isSame, () => `department ${id}: ${JSON.stringify(here)} here`);
    }
  }
}

async function judgeGroups(old: OldStore, store: NewStore, tally: Tally): Promise<void> {
  type Old = Record<'id' | 'creator' | 'type' | 'status' | 'version' | 'created' | 'other', number> &
    Record<'name' | 'avatar', string>;
  type New = Record<'id' | 'creator_id' | 'type' | 'status' | 'version', number> &
    Record<'name' | 'avatar' | 'created', string>;
  const both = merged(
    old.rows<Old>(
      'IMGroup',
      `id, name, avatar, creator, type, status, version, created, ${old.other('IMGroup')}`,
    ),
    ({ id }) => id,
    store.rows<New>(
      `SELECT id, name, avatar, creator_id, type, status, version, extract(epoch FROM created_at) AS created
        FROM chat_group ORDER BY id`,
    ),
    ({ id }) => id,
  );
  for await (const [id, there, here] of both) {
    if (there?.other) tally.leftOut('IMGroup', 'other-project');
    if (!there || there.other) {
      if (here) tally.compare('groups', false, () => `group ${id} is here only`);
    } else if (id > largestId) tally.leftOut('IMGroup', 'id-too-large');
    else if (!here) tally.unexplained('IMGroup', `group ${id} is not here`);
    else {
      tally.imported('IMGroup');
      const isSame =
        here.name === there.name &&
        here.avatar === there.avatar &&
        here.creator_id === (there.creator > largestId ? 0 : there.creator) &&
        here.type === (there.type === 2 ? 2 : 1) &&
        here.status === Number(there.status !== 0) &&
        here.version >= Math.min(there.version, largestId) &&
        Number(here.created) === there.created;
      tally.compare('groups', isSame, () => `group ${id}: ${JSON.stringify(here)} here`);
    }
  }
}

/** What clients are shown, in the order in which they are shown it. */
async function judgeDiscovery(old: OldStore, store: NewStore, tally: Tally): Promise<void> {
  type Old = { id: number; itemName: string; itemUrl: string; status: number; other: number };
  const wanted: string[] = [];
  for await (const { itemName, itemUrl, status, other } of old.rows<Old>(
    'IMDiscovery',
    `id, itemName, itemUrl, status, ${old.other('IMDiscovery')}`,
  )) {
    if (other) tally.leftOut('IMDiscovery', 'other-project');
    else if (status !== 0) tally.leftOut('IMDiscovery', 'discovery-deleted');
    else if (itemName === '' || itemUrl === '') tally.leftOut('IMDiscovery', 'discovery-empty');
    else wanted.push(`${itemName} ${itemUrl}`);
  }
  const found = await store.query<{ name: string; url: string }>(
    'SELECT name, url FROM discovery_item ORDER BY priority DESC, id',
  );
  const here = found.map(({ name, url }) => `${name} ${url}`);
  for (const each of wanted) {
    if (here.includes(each)) tally.imported('IMDiscovery');
    else tally.unexplained('IMDiscovery', `${each} is not here`);
  }
  const isSame = here.length === wanted.length && here.every((each, index) => each === wanted[index]);
  tally.compare('order of the discovery items', isSame, () => `here ${here.join(', ')}`);
}

async function judgeTokens(
  old: OldStore,
  store: NewStore,
  tally: Tally,
  { isUser, isOtherUser }: KnownIds,
): Promise<void> {
  const name = 'redis device_*';
  const wanted = new Map<string, string>();
  for await (const { redis, keys } of old.keys('token', 'device_*')) {
    const values = await redis.mget(keys);
    for (const [index, key] of keys.entries()) {
      const user = Number(/^device_(\d{1,10})$/.exec(key)?.[1] ?? Number.NaN);
      const [, system, token] = /^(ios|android):(.+)$/s.exec(values[index] ?? '') ?? [];
      if (Number.isNaN(user)) tally.leftOut(name, 'token-reverse');
      else if (!token) tally.leftOut(name, 'token-desktop');
      else if (isOtherUser(user)) tally.leftOut(name, 'other-project');
      else if (!isUser(user)) tally.leftOut(name, 'token-without-user');
      else wanted.set(`${user}/${system === 'ios' ? 17 : 18}`, token);
    }
  }
  const here = store.rows<{ user_id: number; client_type: number; token: string }>(
    'SELECT user_id, client_type, token FROM device_token',
  );
  for await (const { user_id: user, client_type: type, token } of here) {
    const key = `${user}/${type}`;
    const isSame = wanted.get(key) === token;
    tally.compare('device tokens', isSame, () => `user ${user}, client type ${type}: another token here`);
    if (isSame) tally.imported(name);
    if (isSame) wanted.delete(key);
  }
  for (const key of wanted.keys()) tally.unexplained(name, `${key} (user/client type) is not here`);
}
