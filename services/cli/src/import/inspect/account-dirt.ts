/** A kind of dirt that one query finds: its rows are shown as `shown` says, all but the first few are only counted. */
export interface DirtQuery {
  name: string;
  what: string;
  becomes: string;
  /** tables and columns that have to be there, `IMUser.pid` */
  needs?: readonly string[];
  /** tables and columns that must not exist */
  lacks?: readonly string[];
  /** FROM and what follows; grouped queries stand in brackets */
  from: string;
  /** in SQL: one sample as text */
  shown: string;
}

const trimmed = "TRIM(TRAILING ' ' FROM name)";

/** Users of other tenants, when only one of several is imported. */
export function otherTenants(isOther: string): DirtQuery {
  return {
    name: 'other-project',
    what: 'users of other projects',
    becomes:
      'left out, with their departments, groups, messages, files and tokens; images of all projects are imported',
    from: `IMUser WHERE ${isOther}`,
    shown: "CONCAT('user ', id, ' (', name, '): pid ', pid)",
  };
}

const severalTenants = {
  name: 'several-tenants',
  what: 'tenants (pid) in one database, of a fork',
  becomes: 'all are imported into one installation: users of one tenant see those of the others',
};
const tenants =
  '(SELECT pid, COUNT(*) AS n FROM IMUser GROUP BY pid HAVING (SELECT COUNT(DISTINCT pid) FROM IMUser) > 1) AS d';

/** Dirt of users, departments, groups and their members, sessions, discovery. */
export const accountDirt: readonly DirtQuery[] = [
  {
    name: 'user-name-twice',
    what: 'login names that several users have',
    becomes:
      'of those with status 0 the highest id keeps the name, as with the old server; the others are called name#id and are listed',
    from: `(SELECT ${trimmed} AS name, COUNT(*) AS n, GROUP_CONCAT(id) AS ids FROM IMUser WHERE name <> ''
      GROUP BY ${trimmed} HAVING COUNT(*) > 1) AS d`,
    shown: "CONCAT(name, ': users ', LEFT(ids, 60))",
  },
  {
    name: 'user-name-spaces',
    what: 'login names that end in spaces',
    becomes: 'the name without them, with which the old server let them in as well',
    from: "IMUser WHERE name LIKE '% '",
    shown: "CONCAT('user ', id, ': \"', name, '\"')",
  },
  {
    name: 'user-name-empty',
    what: 'users without a login name',
    becomes: '#id; they could not log in before, either',
    from: "IMUser WHERE TRIM(name) = ''",
    shown: "CONCAT('user ', id, ' (', nick, ')')",
  },
  {
    name: 'user-salt-empty',
    what: 'passwords without a salt',
    becomes: 'the password stays; its hash is replaced at the first login',
    from: "IMUser WHERE salt = '' AND password <> ''",
    shown: "CONCAT('user ', id, ' (', name, ')')",
  },
  {
    name: 'user-hash-upper-case',
    what: 'password hashes in upper case, with which the old server let nobody in',
    becomes: 'the password stays, and works',
    from: 'IMUser WHERE BINARY password <> BINARY LOWER(password)',
    shown: "CONCAT('user ', id, ' (', name, ')')",
  },
  {
    name: 'user-no-password',
    what: 'users whose password hash has not the form of one',
    becomes: 'they cannot log in, as before, until an administrator sets a password',
    from: 'IMUser WHERE LENGTH(password) <> 32',
    shown: "CONCAT('user ', id, ' (', name, ')')",
  },
  {
    name: 'user-status',
    what: 'users with status 1, 2 or 4 (on trial, regular, intern), whom the old server did not let in',
    becomes: 'the status stays, and they can log in',
    from: 'IMUser WHERE status IN (1, 2, 4)',
    shown: "CONCAT('user ', id, ' (', name, '): status ', status)",
  },
  {
    name: 'user-status-unknown',
    what: 'users whose status is NULL or beyond 4',
    becomes: 'NULL becomes 0, which works here; others 3, which has left',
    from: 'IMUser WHERE status IS NULL OR status > 4',
    shown: "CONCAT('user ', id, ' (', name, '): status ', COALESCE(status, 'NULL'))",
  },
  {
    name: 'user-avatar-base',
    what: 'avatars that are only the address of msfs, or NULL',
    becomes: 'no avatar',
    from: "IMUser WHERE avatar IS NULL OR avatar REGEXP '^https?://[^/]*/?$'",
    shown: "CONCAT('user ', id, ': ', COALESCE(avatar, 'NULL'))",
  },
  {
    name: 'user-department-gone',
    what: 'users of a department that is not there',
    becomes: 'the number stays; clients show them at the top',
    from: 'IMUser u LEFT JOIN IMDepart d ON d.id = u.departId WHERE u.departId <> 0 AND d.id IS NULL',
    shown: "CONCAT('user ', u.id, ': department ', u.departId)",
  },
  {
    name: 'department-parent-gone',
    what: 'departments whose parent is not there',
    becomes: 'the number stays',
    from: 'IMDepart d LEFT JOIN IMDepart p ON p.id = d.parentId WHERE d.parentId <> 0 AND p.id IS NULL',
    shown: "CONCAT('department ', d.id, ' (', d.departName, '): parent ', d.parentId)",
  },
  {
    name: 'department-name-empty',
    what: 'departments without a name',
    becomes: '#id',
    from: "IMDepart WHERE departName = ''",
    shown: "CONCAT('department ', id)",
  },
  {
    name: 'group-status',
    what: 'groups with a status other than 0, which no server writes',
    becomes: 'dissolved',
    from: 'IMGroup WHERE status <> 0',
    shown: "CONCAT('group ', id, ' (', name, '): status ', status)",
  },
  {
    name: 'member-twice',
    what: 'members who are in one group several times',
    becomes: 'one member, who joined when the latest row says',
    from: '(SELECT groupId, userId, COUNT(*) AS n FROM IMGroupMember GROUP BY groupId, userId HAVING COUNT(*) > 1) AS d',
    shown: "CONCAT('group ', groupId, ', user ', userId, ': ', n, ' rows')",
  },
  {
    name: 'member-left',
    what: 'rows of members who have left',
    becomes: 'a row in legacy_import.former_member, with when they joined',
    from: 'IMGroupMember WHERE status <> 0',
    shown: "CONCAT('group ', groupId, ', user ', userId)",
  },
  {
    name: 'member-orphan',
    what: 'members of a group, or who are a user, that is not there',
    becomes: 'left out',
    from: `IMGroupMember m LEFT JOIN IMGroup g ON g.id = m.groupId LEFT JOIN IMUser u ON u.id = m.userId
      WHERE g.id IS NULL OR u.id IS NULL`,
    shown: "CONCAT('group ', m.groupId, ', user ', m.userId)",
  },
  {
    name: 'relation-twice',
    what: 'pairs of users with two relations, of which the old server showed one',
    becomes: 'one conversation with the messages of both, in the order of their times',
    from: `(SELECT smallId, bigId, GROUP_CONCAT(id) AS ids FROM IMRelationShip GROUP BY smallId, bigId
      HAVING COUNT(*) > 1) AS d`,
    shown: "CONCAT('users ', smallId, ' and ', bigId, ': relations ', LEFT(ids, 60))",
  },
  {
    name: 'session-one-sided',
    what: 'sessions of a pair that only one of them has',
    becomes: 'the other one does not see it until the next message, as before',
    from: `IMRecentSession s LEFT JOIN IMRecentSession o ON o.userId = s.peerId AND o.peerId = s.userId AND o.type = 1
      AND o.status = 0 WHERE s.type = 1 AND s.status = 0 AND o.id IS NULL`,
    shown: "CONCAT('user ', s.userId, ' with ', s.peerId)",
  },
  {
    name: 'session-twice',
    what: 'sessions that one user has several times',
    becomes: 'one',
    from: `(SELECT userId, peerId, type FROM IMRecentSession GROUP BY userId, peerId, type
      HAVING COUNT(*) > 1) AS d`,
    shown: "CONCAT('user ', userId, IF(type = 2, ' with group ', ' with '), peerId)",
  },
  {
    name: 'discovery-deleted',
    what: 'discovery items that are deleted, or have no name or URL',
    becomes: 'left out',
    from: "IMDiscovery WHERE status <> 0 OR itemName = '' OR itemUrl = ''",
    shown: "CONCAT('item ', id, ' (', itemName, ')')",
  },
  {
    name: 'admin-account',
    what: 'accounts of the PHP pages',
    becomes: 'kept without their passwords in legacy_import.admin_account; nobody can log in with them',
    from: 'IMAdmin',
    shown: 'uname',
    needs: ['IMAdmin'],
  },
  {
    ...severalTenants,
    from: `${tenants} LEFT JOIN IMProject p ON p.id = d.pid`,
    shown: "CONCAT('pid ', pid, COALESCE(CONCAT(' (', p.name, ')'), ''), ': ', n, ' users')",
    needs: ['IMUser.pid', 'IMProject'],
  },
  {
    ...severalTenants,
    from: tenants,
    shown: "CONCAT('pid ', pid, ': ', n, ' users')",
    needs: ['IMUser.pid'],
    lacks: ['IMProject'],
  },
];
