/** How a column of a small legacy table is read. */
type ColumnKind = 'int' | 'text';

/** The small legacy tables that are staged whole, with the columns that are needed; others are left alone. */
export const stagedTables = {
  IMDepart: {
    id: 'int',
    departName: 'text',
    priority: 'int',
    parentId: 'int',
    status: 'int',
    created: 'int',
  },
  IMUser: {
    id: 'int',
    sex: 'int',
    name: 'text',
    domain: 'text',
    nick: 'text',
    password: 'text',
    salt: 'text',
    phone: 'text',
    email: 'text',
    avatar: 'text',
    departId: 'int',
    status: 'int',
    created: 'int',
    push_shield_status: 'int',
    sign_info: 'text',
  },
  IMGroup: {
    id: 'int',
    name: 'text',
    avatar: 'text',
    creator: 'int',
    type: 'int',
    status: 'int',
    version: 'int',
    created: 'int',
  },
  IMGroupMember: { id: 'int', groupId: 'int', userId: 'int', status: 'int', created: 'int', updated: 'int' },
  IMRelationShip: { id: 'int', smallId: 'int', bigId: 'int', status: 'int' },
  IMRecentSession: { id: 'int', userId: 'int', peerId: 'int', type: 'int', status: 'int', updated: 'int' },
  IMDiscovery: { id: 'int', itemName: 'text', itemUrl: 'text', status: 'int', created: 'int' },
  IMTransmitFile: {
    id: 'int',
    fromId: 'int',
    toId: 'int',
    fileName: 'text',
    taskId: 'text',
    size: 'int',
    status: 'int',
    created: 'int',
  },
  IMAdmin: { id: 'int', uname: 'text', status: 'int', type: 'int', created: 'int', updated: 'int' },
} as const satisfies Record<string, Record<string, ColumnKind>>;

export type StagedTable = keyof typeof stagedTables;

/** The table of schema `legacy_import` that holds it. */
export function stagingOf(table: StagedTable): string {
  return `legacy_import.${table.toLowerCase()}`;
}

/** The columns of a staging table in SQL, named as in MySQL but in lower case. */
export function stagingColumns(table: StagedTable): string {
  return Object.entries(stagedTables[table])
    .map(([column, kind]) => `${column.toLowerCase()} ${kind === 'int' ? 'int8' : 'text'}`)
    .join(', ');
}
