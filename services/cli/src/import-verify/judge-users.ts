import { merged } from './merged.js';
import type { NewStore } from './new-store.js';
import type { OldStore } from './old-store.js';
import { largestId } from './read-messages.js';
import type { Tally } from './tally.js';

interface OldUser {
  id: number;
  sex: number;
  name: string;
  domain: string;
  nick: string;
  password: string;
  salt: string;
  phone: string;
  email: string;
  avatar: string | null;
  departId: number;
  status: number | null;
  created: number;
  push: number;
  sign: string;
  other: number;
}

interface NewUser {
  id: number;
  name: string;
  password_hash: string;
  legacy_salt: string | null;
  gender: number;
  nick_name: string;
  real_name: string;
  avatar_url: string;
  department_id: number;
  email: string;
  tel: string;
  sign_info: string;
  status: number;
  push_shield: boolean;
  created: string;
  domain: string | null;
}

/**
 * Compares the accounts.
 * @param needed users whom conversations name; those without a row in IMUser have to be here as having left
 */
export async function judgeUsers(
  old: OldStore,
  store: NewStore,
  needed: ReadonlySet<number>,
  tally: Tally,
): Promise<void> {
  const has = (column: string) => old.hasColumn('IMUser', column);
  const columns = `id, sex, name, domain, nick, password, salt, phone, email, avatar, departId, status, created,
    ${has('push_shield_status') ? 'push_shield_status' : '0'} AS push, ${has('sign_info') ? 'sign_info' : "''"} AS sign, ${old.other('IMUser')}`;
  const hasDomain =
    (
      await store.query(
        "SELECT FROM pg_attribute WHERE attrelid = 'im_user'::regclass AND attname = 'domain'",
      )
    ).length > 0;
  const theirs = store.rows<NewUser>(`
    SELECT id, name, password_hash, legacy_salt, gender, nick_name, real_name, avatar_url, department_id, email, tel,
      sign_info, status, push_shield, extract(epoch FROM created_at) AS created, ${hasDomain ? 'domain' : 'NULL AS domain'}
    FROM im_user ORDER BY id`);
  const owners = await ownersOfNames(old);
  const users = merged(
    old.rows<OldUser>('IMUser', columns),
    ({ id }) => id,
    theirs,
    ({ id }) => id,
  );
  const found = new Set<number>();
  for await (const [id, there, here] of users) {
    if (there?.other) tally.leftOut('IMUser', 'other-project');
    if (!there || there.other) {
      if (!here) continue;
      if (needed.has(id)) found.add(id);
      tally.compare('accounts that the old store does not have', needed.has(id) && here.status === 3, () => {
        return `user ${id} (${here.name}), status ${here.status}`;
      });
      continue;
    }
    if (id > largestId) tally.leftOut('IMUser', 'id-too-large');
    else if (!here) tally.unexplained('IMUser', `user ${id} (${there.name}) is not here`);
    else {
      tally.imported('IMUser');
      const name = there.name.replace(/ +$/, '');
      const owner = owners.get(name) ?? id;
      judgeUser(there, here, name !== '' && owner === id ? name : undefined, tally);
    }
    found.add(id);
  }
  for (const id of needed) {
    if (!found.has(id)) tally.compare('accounts that messages name', false, () => `user ${id} is not here`);
  }
}

/** Who keeps a name that several have: of those who may log in, the highest id. */
async function ownersOfNames(old: OldStore): Promise<Map<string, number>> {
  const owners = new Map<string, number>();
  const rows = await old.query<{ name: string; owner: number }>(`
    SELECT TRIM(TRAILING ' ' FROM name) AS name,
      COALESCE(MAX(CASE WHEN COALESCE(status, 0) = 0 AND id <= ${largestId} THEN id END),
        MAX(CASE WHEN id <= ${largestId} THEN id END)) AS owner
    FROM (SELECT *, ${old.other('IMUser')} FROM IMUser) AS u WHERE NOT other GROUP BY TRIM(TRAILING ' ' FROM name) HAVING COUNT(*) > 1`);
  for (const { name, owner } of rows) owners.set(name, owner);
  return owners;
}

/** @param name what they log in with; undefined: another has it, or it is empty */
function judgeUser(there: OldUser, here: NewUser, name: string | undefined, tally: Tally): void {
  const subject = `user ${there.id} (${there.name})`;
  const fields: [property: string, isSame: boolean, found: unknown][] = [
    ['names', here.name === (name ?? `${there.name.replace(/ +$/, '')}#${there.id}`), here.name],
    ['passwords', isPassword(there, here), 'another hash or salt'],
    ['real names', here.real_name === there.name, here.real_name],
    ['names shown', here.nick_name === there.nick, here.nick_name],
    [
      'names in pinyin',
      here.domain === there.domain || (there.domain === '' && here.domain !== ''),
      here.domain,
    ],
    ['genders', here.gender === there.sex, here.gender],
    ['telephones', here.tel === there.phone, here.tel],
    ['e-mail addresses', here.email === there.email, here.email],
    ['avatars', isAvatar(there.avatar ?? '', here.avatar_url), here.avatar_url],
    [
      'departments',
      here.department_id === (there.departId > largestId ? 0 : there.departId),
      here.department_id,
    ],
    ['signatures', here.sign_info === there.sign, here.sign_info],
    ['statuses', here.status === (there.status ?? 0), here.status],
    ['push settings', here.push_shield === (there.push !== 0), here.push_shield],
    ['days of creation', Number(here.created) === there.created, here.created],
  ];
  for (const [property, isSame, value] of fields) {
    tally.compare(`accounts: ${property}`, isSame, () => `${subject}: ${String(value)} here`);
  }
}

/** As it was, or upgraded by a login since. */
function isPassword(
  { password, salt }: OldUser,
  { password_hash: hash, legacy_salt: ours }: NewUser,
): boolean {
  if (ours === null) return hash.startsWith('$argon2');
  return hash.toLowerCase() === password.toLowerCase() && ours === salt;
}

/** As it was, or without the address of the old msfs before it. */
function isAvatar(there: string, here: string): boolean {
  if (here === there) return true;
  const relative = /^https?:\/\/[^/]*\/?(.*)$/s.exec(there)?.[1];
  return relative !== undefined && here === relative;
}
