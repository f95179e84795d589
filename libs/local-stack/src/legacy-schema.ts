/** Which of the legacy server's versions and forks the tables are of. */
export interface LegacySchemaOptions {
  /** IMTransmitFile, which only forks have; without it offline files never worked */
  transmitFile?: boolean;
  /** IMProject, `pid` in four tables and IMAdmin.type: several companies in one database */
  projects?: boolean;
  /** false: March 2015, IMUser without push_shield_status and sign_info */
  profiles?: boolean;
  /** Columns that a company added by itself: definitions by table. */
  extraColumns?: Readonly<Record<string, readonly string[]>>;
}

interface Table {
  charset: 'utf8mb3' | 'utf8mb4';
  id?: string;
  columns: readonly string[];
  keys?: readonly string[];
}

const uint = 'int(11) unsigned NOT NULL';
const uint0 = `${uint} DEFAULT 0`;
const flag = 'tinyint(1) unsigned DEFAULT 0';
const stamps = [`updated ${uint}`, `created ${uint}`];
const stamps0 = [`created ${uint0}`, `updated ${uint0}`];
const text = (name: string, length: number) =>
  `${name} varchar(${length}) COLLATE utf8mb4_bin NOT NULL DEFAULT ''`;

const pairMessages: Table = {
  charset: 'utf8mb4',
  columns: [
    ...['relateId', 'fromId', 'toId', 'msgId'].map((name) => `${name} ${uint}`),
    "content varchar(4096) COLLATE utf8mb4_bin DEFAULT ''",
    'type tinyint(2) unsigned NOT NULL DEFAULT 1',
    'status tinyint(1) unsigned NOT NULL DEFAULT 0',
    ...stamps,
  ],
  keys: [
    'idx_relateId_status_created (relateId, status, created)',
    'idx_relateId_status_msgId_created (relateId, status, msgId, created)',
    'idx_fromId_toId_created (fromId, toId, status)',
  ],
};

const groupMessages: Table = {
  charset: 'utf8mb4',
  columns: [
    ...['groupId', 'userId', 'msgId'].map((name) => `${name} ${uint}`),
    text('content', 4096),
    'type tinyint(3) unsigned NOT NULL DEFAULT 2',
    `status ${uint0}`,
    ...stamps0,
  ],
  keys: [
    'idx_groupId_status_created (groupId, status, created)',
    'idx_groupId_msgId_status_created (groupId, msgId, status, created)',
  ],
};

/** IMMessage_0 … 7 are chosen by relate id mod 8, IMGroupMessage_0 … 7 by group id mod 8. */
export const legacyMessageTables = 8;

function tables({ transmitFile = false, projects = false, profiles = true }: LegacySchemaOptions) {
  const all: Record<string, Table> = {
    IMAdmin: {
      charset: 'utf8mb3',
      id: projects ? 'int(11) unsigned' : 'mediumint(6) unsigned',
      columns: [
        'uname varchar(40) NOT NULL',
        'pwd char(32) NOT NULL',
        ...(projects ? ['type tinyint(2) unsigned NOT NULL DEFAULT 1'] : []),
        'status tinyint(2) unsigned NOT NULL DEFAULT 0',
        ...stamps0,
      ],
    },
    IMAudio: {
      charset: 'utf8mb4',
      columns: [
        `fromId ${uint}`,
        `toId ${uint}`,
        "path varchar(255) COLLATE utf8mb4_bin DEFAULT ''",
        `size ${uint0}`,
        `duration ${uint0}`,
        `created ${uint}`,
      ],
      keys: ['idx_fromId_toId (fromId, toId)'],
    },
    IMDepart: {
      charset: 'utf8mb4',
      id: 'int(11) unsigned',
      columns: [
        text('departName', 64),
        `priority ${uint0}`,
        `parentId ${uint}`,
        `status ${uint0}`,
        ...stamps,
      ],
      keys: ['idx_departName (departName)', 'idx_priority_status (priority, status)'],
    },
    IMDiscovery: {
      charset: 'utf8mb4',
      id: 'int(11) unsigned',
      columns: [
        text('itemName', 64),
        text('itemUrl', 64),
        `itemPriority ${uint}`,
        `status ${uint0}`,
        ...stamps,
      ],
      keys: ['idx_itemName (itemName)'],
    },
    IMGroup: {
      charset: 'utf8mb4',
      columns: [
        text('name', 256),
        text('avatar', 256),
        `creator ${uint0}`,
        'type tinyint(3) unsigned NOT NULL DEFAULT 1',
        `userCnt ${uint0}`,
        'status tinyint(3) unsigned NOT NULL DEFAULT 1',
        `version ${uint} DEFAULT 1`,
        `lastChated ${uint0}`,
        ...stamps0,
      ],
      keys: ['idx_name (name(191))', 'idx_creator (creator)'],
    },
    IMGroupMember: {
      charset: 'utf8mb3',
      columns: [
        `groupId ${uint}`,
        `userId ${uint}`,
        'status tinyint(4) unsigned NOT NULL DEFAULT 1',
        ...stamps0,
      ],
      keys: [
        'idx_groupId_userId_status (groupId, userId, status)',
        'idx_userId_status_updated (userId, status, updated)',
        'idx_groupId_updated (groupId, updated)',
      ],
    },
    IMRecentSession: {
      charset: 'utf8mb3',
      columns: [`userId ${uint}`, `peerId ${uint}`, `type ${flag}`, `status ${flag}`, ...stamps0],
      keys: [
        'idx_userId_peerId_status_updated (userId, peerId, status, updated)',
        'idx_userId_peerId_type (userId, peerId, type)',
      ],
    },
    IMRelationShip: {
      charset: 'utf8mb3',
      columns: [`smallId ${uint}`, `bigId ${uint}`, `status ${flag}`, ...stamps0],
      keys: ['idx_smallId_bigId_status_updated (smallId, bigId, status, updated)'],
    },
    IMUser: {
      charset: 'utf8mb4',
      id: 'int(11) unsigned',
      columns: [
        'sex tinyint(1) unsigned NOT NULL DEFAULT 0',
        ...['name', 'domain', 'nick', 'password'].map((name) => text(name, 32)),
        text('salt', 4),
        text('phone', 11),
        text('email', 64),
        "avatar varchar(255) COLLATE utf8mb4_bin DEFAULT ''",
        `departId ${uint}`,
        'status tinyint(2) unsigned DEFAULT 0',
        ...stamps,
        ...(profiles
          ? ['push_shield_status tinyint(1) unsigned NOT NULL DEFAULT 0', text('sign_info', 128)]
          : []),
      ],
      keys: ['idx_domain (domain)', 'idx_name (name)', 'idx_phone (phone)'],
    },
  };
  for (let n = 0; n < legacyMessageTables; n++) {
    all[`IMMessage_${n}`] = pairMessages;
    all[`IMGroupMessage_${n}`] = groupMessages;
  }
  if (transmitFile) {
    all.IMTransmitFile = {
      charset: 'utf8mb4',
      columns: [
        `fromId ${uint}`,
        `toId ${uint}`,
        "fileName varchar(4096) COLLATE utf8mb4_bin DEFAULT ''",
        "taskId varchar(128) COLLATE utf8mb4_bin DEFAULT ''",
        `size ${uint0}`,
        'status tinyint(1) unsigned NOT NULL DEFAULT 0',
        ...stamps,
      ],
      keys: ['idx_fromId_toId_created (fromId, toId, status)'],
    };
  }
  if (projects) {
    all.IMProject = {
      charset: 'utf8mb4',
      columns: [
        text('name', 64),
        'type tinyint(2) unsigned NOT NULL DEFAULT 0',
        text('appkey', 64),
        text('appsecret', 64),
        'status tinyint(2) unsigned NOT NULL DEFAULT 0',
        `creatorId ${uint0}`,
        ...stamps0,
      ],
    };
  }
  return all;
}

/** The tables that have `pid` with `projects`. */
const ofProjects = ['IMDepart', 'IMDiscovery', 'IMGroup', 'IMUser'];

/**
 * The statements that make the tables of a legacy TeamTalk server, as its facts say; for tests. In a database without
 * them; the tables are empty.
 */
export function legacySchema(options: LegacySchemaOptions = {}): string[] {
  return Object.entries(tables(options)).map(([name, { charset, id = 'int(11)', columns, keys = [] }]) => {
    const lines = [
      `id ${id} NOT NULL AUTO_INCREMENT`,
      ...columns,
      ...(options.projects && ofProjects.includes(name) ? [`pid ${uint0}`] : []),
      ...(options.extraColumns?.[name] ?? []),
      'PRIMARY KEY (id)',
      ...keys.map((key) => `KEY ${key}`),
    ];
    return `CREATE TABLE ${name} (\n  ${lines.join(',\n  ')}\n) ENGINE=InnoDB DEFAULT CHARSET=${charset} COLLATE=${charset}_bin`;
  });
}
