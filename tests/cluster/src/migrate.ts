import { migrateUp, openDataSource } from '@teamtalk/db_proxy_server';

/** The role that db_proxy_server has in tests: not the owner of the tables, which tests use themselves. */
export const databaseRole = { name: 'teamtalk_db_proxy', password: 'db_proxy' } as const;
/** That of backups. */
export const backupRole = { name: 'teamtalk_backup', password: 'backup' } as const;

/** Brings a database to the newest schema, and grants these roles access. */
export async function migrate(databaseUrl: string): Promise<void> {
  const source = await openDataSource(databaseUrl);
  try {
    await migrateUp(source, { grants: { write: databaseRole, read: backupRole } });
  } finally {
    await source.destroy();
  }
}

/** A database's URL, of one server or of several, as db_proxy_server gets it. */
export function asService(databaseUrl: string): string {
  return databaseUrl.replace(/\/\/[^@/]*@/, `//${databaseRole.name}:${databaseRole.password}@`);
}
