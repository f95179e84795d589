// What a console account may do. admin_server and db_proxy_server both enforce it. The console's pages load this file too,
// so it imports nothing.

/** Permissions, each a resource and a verb. */
export const consolePermissions = [
  'overview:read',
  'users:read',
  'users:write',
  'users:reset-password',
  'users:disconnect',
  'users:import',
  'departments:write',
  'groups:read',
  'groups:write',
  'discovery:read',
  'discovery:write',
  'broadcasts:read',
  'broadcasts:write',
  'pushes:read',
  'pushes:test',
  'pushes:providers',
  'pushes:write',
  'apps:read',
  'apps:write',
  'audit:read',
  'lifecycle:read',
  'lifecycle:write',
  'accounts:read',
  'accounts:write',
] as const;

export type ConsolePermission = (typeof consolePermissions)[number];

export const consoleRoles = [
  'owner',
  'administrator',
  'department_administrator',
  'help_desk',
  'auditor',
  'viewer',
] as const;

export type ConsoleRole = (typeof consoleRoles)[number];

const viewer: readonly ConsolePermission[] = ['overview:read', 'users:read', 'groups:read', 'discovery:read'];

const permissionsOf: Readonly<Record<ConsoleRole, readonly ConsolePermission[]>> = {
  owner: consolePermissions,
  administrator: consolePermissions.filter((permission) => permission !== 'accounts:write'),
  // Applies only to the users and departments in the account's department and those below it.
  department_administrator: [
    'users:read',
    'users:write',
    'users:reset-password',
    'users:disconnect',
    'departments:write',
    'pushes:read',
    'pushes:test',
  ],
  help_desk: [...viewer, 'users:reset-password', 'users:disconnect', 'pushes:read', 'pushes:test'],
  auditor: [
    ...viewer,
    'broadcasts:read',
    'pushes:read',
    'pushes:providers',
    'apps:read',
    'audit:read',
    'lifecycle:read',
    'accounts:read',
  ],
  viewer,
};

/** The role that applies to one department and those below it. */
export const departmentRole: ConsoleRole = 'department_administrator';

export function isConsoleRole(text: string): text is ConsoleRole {
  return (consoleRoles as readonly string[]).includes(text);
}

/** @returns in the order of `consolePermissions` */
export function consolePermissionsOf(role: ConsoleRole): ConsolePermission[] {
  return consolePermissions.filter((permission) => permissionsOf[role].includes(permission));
}

/** @param role an unknown role has no permissions */
export function mayInConsole(role: string, permission: ConsolePermission): boolean {
  return isConsoleRole(role) && permissionsOf[role].includes(permission);
}
