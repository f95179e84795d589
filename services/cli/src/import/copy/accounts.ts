import type { TargetSession } from '../target/database.js';
import { upsert } from '../target/upsert.js';

const largest = 2_147_483_647;

/** Tables of the importer for what has no place in the new installation. They stay after the import. */
export const keptTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS legacy_import.renamed_user (
    id int4 PRIMARY KEY, old_name text NOT NULL, new_name text NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS legacy_import.placeholder_user (id int4 PRIMARY KEY)`,
  `CREATE TABLE IF NOT EXISTS legacy_import.former_member (
    group_id int8, user_id int8, first_joined_at timestamptz, joined_at timestamptz, PRIMARY KEY (group_id, user_id))`,
  `CREATE TABLE IF NOT EXISTS legacy_import.admin_account (
    id int4 PRIMARY KEY, name text, status int8, type int8, created_at timestamptz)`,
];

/** Departments, with their ids. Parents that are gone and circles stay as they are. */
export async function bringDepartments(session: TargetSession): Promise<void> {
  const columns = ['id', 'name', 'parent_id', 'priority', 'status', 'created_at'];
  await upsert(
    session,
    { table: 'department', key: ['id'], columns },
    `
    SELECT id, CASE WHEN departname = '' THEN '#' || id ELSE left(departname, 64) END,
      CASE WHEN parentid > ${largest} THEN 0 ELSE parentid END, least(priority, ${largest}),
      (status <> 0)::int, to_timestamp(created)
    FROM legacy_import.imdepart`,
  );
  await moveIdentity(session, 'department');
}

const userColumns = [
  ...[
    'id',
    'name',
    'password_hash',
    'legacy_salt',
    'gender',
    'nick_name',
    'real_name',
    'avatar_url',
    'department_id',
  ],
  ...['email', 'tel', 'sign_info', 'status', 'push_shield', 'created_at', 'domain'],
];

/**
 * Users, with their ids, and their passwords as they are. Of several with one name, the one that the old server lets in keeps it:
 * of those with status 0 the highest id.
 */
export async function bringUsers(session: TargetSession): Promise<void> {
  await session.run(`
    CREATE TEMP TABLE named ON COMMIT DROP AS
    SELECT id, rtrim(name, ' ') AS name,
      rtrim(name, ' ') <> '' AND row_number() OVER (
        PARTITION BY rtrim(name, ' ') ORDER BY (coalesce(status, 0) = 0) DESC, id DESC) = 1 AS keeps
    FROM legacy_import.imuser`);
  await session.run('CREATE INDEX ON named (name) WHERE keeps');
  // A name may be taken by somebody who is really called so.
  await session.run(`
    ALTER TABLE named ADD COLUMN new_name text`);
  await session.run(`
    UPDATE named n SET new_name = CASE
      WHEN keeps THEN name
      WHEN EXISTS (SELECT FROM named k WHERE k.keeps AND k.name = n.name || '#' || n.id) THEN name || '##' || id
      ELSE name || '#' || id END`);
  // Names can change places, and a name of somebody who is gone can be another's by now.
  await session.run(`
    UPDATE im_user u SET name = '#' || u.id || '#' || md5(u.name) FROM named n WHERE n.id = u.id AND u.name <> n.new_name`);
  await session.run(`
    UPDATE im_user u SET name = 'gone##' || u.id
    WHERE EXISTS (SELECT FROM named n WHERE n.new_name = u.name AND n.id <> u.id)`);
  await upsert(
    session,
    { table: 'im_user', key: ['id'], columns: userColumns },
    `
    SELECT u.id, n.new_name, coalesce(u.password, ''), coalesce(u.salt, ''), least(u.sex, 32767), u.nick, u.name,
      CASE WHEN u.avatar ~ '^https?://[^/]*/?$' THEN '' ELSE coalesce(u.avatar, '') END,
      CASE WHEN u.departid > ${largest} THEN 0 ELSE u.departid END,
      u.email, u.phone, coalesce(u.sign_info, ''),
      CASE WHEN coalesce(u.status, 0) BETWEEN 0 AND 4 THEN coalesce(u.status, 0) ELSE 3 END,
      coalesce(u.push_shield_status, 0) <> 0, to_timestamp(u.created), u.domain
    FROM legacy_import.imuser u JOIN named n USING (id) ORDER BY u.id`,
  );
  await session.run('DELETE FROM legacy_import.renamed_user');
  await session.run(`
    INSERT INTO legacy_import.renamed_user (id, old_name, new_name)
    SELECT u.id, u.name, n.new_name FROM named n JOIN legacy_import.imuser u USING (id) WHERE u.name <> n.new_name`);
  await moveIdentity(session, 'im_user');
}

/** Groups, with their ids; their members come with the messages, since what they may see depends on those. */
export async function bringGroups(session: TargetSession): Promise<void> {
  const columns = ['id', 'name', 'avatar', 'creator_id', 'type', 'version', 'status', 'created_at'];
  await upsert(
    session,
    { table: 'chat_group', key: ['id'], columns },
    `
    SELECT id, name, coalesce(avatar, ''), CASE WHEN creator > ${largest} THEN 0 ELSE creator END,
      CASE WHEN type = 2 THEN 2 ELSE 1 END, least(greatest(version, 1), ${largest}), (status <> 0)::int,
      to_timestamp(created)
    FROM legacy_import.imgroup`,
  );
  await moveIdentity(session, 'chat_group');
}

/** Discovery items that are shown, in the order they are shown in. */
export async function bringDiscoveryItems(session: TargetSession): Promise<void> {
  const columns = ['id', 'name', 'url', 'priority', 'created_at'];
  await upsert(
    session,
    { table: 'discovery_item', key: ['id'], columns },
    `
    SELECT id, left(itemname, 64), itemurl, row_number() OVER (ORDER BY id DESC), to_timestamp(created)
    FROM legacy_import.imdiscovery WHERE status = 0 AND itemname <> '' AND itemurl <> ''`,
  );
  await moveIdentity(session, 'discovery_item');
}

/** The accounts of the PHP pages, without their passwords. */
export async function keepAdminAccounts(session: TargetSession): Promise<void> {
  await session.run('DELETE FROM legacy_import.admin_account');
  await session.run(`
    INSERT INTO legacy_import.admin_account (id, name, status, type, created_at)
    SELECT id, uname, status, type, to_timestamp(created) FROM legacy_import.imadmin`);
}

/** COPY and INSERT with ids do not move the sequence of an identity column. */
export async function moveIdentity(session: TargetSession, table: string): Promise<void> {
  await session.run(`
    SELECT setval(pg_get_serial_sequence('${table}', 'id'), max(id)) FROM ${table} HAVING max(id) IS NOT NULL`);
}
