// What an account of the console may do. admin_server and db_proxy_server both hold to it; no imports, since the pages read it,
// too.

/** What can be allowed: a verb on a resource. */
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
  'pushes:read',
  'apps:read',
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
  // Of users and departments only those of a department and of those below it.
  department_administrator: [
    'users:read',
    'users:write',
    'users:reset-password',
    'users:disconnect',
    'departments:write',
    'pushes:read',
  ],
  help_desk: [...viewer, 'users:reset-password', 'users:disconnect', 'pushes:read'],
  auditor: [...viewer, 'pushes:read', 'apps:read', 'audit:read', 'lifecycle:read', 'accounts:read'],
  viewer,
};

/** The role that holds for one department and those below it. */
export const departmentRole: ConsoleRole = 'department_administrator';

export function isConsoleRole(text: string): text is ConsoleRole {
  return (consoleRoles as readonly string[]).includes(text);
}

/** @returns in the order of `consolePermissions` */
export function consolePermissionsOf(role: ConsoleRole): ConsolePermission[] {
  return consolePermissions.filter((permission) => permissionsOf[role].includes(permission));
}

/** @param role one that is not known may do nothing */
export function mayInConsole(role: string, permission: ConsolePermission): boolean {
  return isConsoleRole(role) && permissionsOf[role].includes(permission);
}
